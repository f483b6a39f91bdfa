/**
 * Two worlds of receipts: one to learn from and one held back to test on.
 *
 * They share no syllable sets, names or lists of words; the held-back one has spellings of labels
 * and layouts beside the common ones that the other never shows.
 *
 * @module
 */
import type { Random } from '../ocr/random.ts'

export type World = 'training' | 'held-back'

export const languages = ['en', 'de', 'fr', 'es'] as const

export type Language = (typeof languages)[number]

/** Of a list, the world's own share: every third one from the third on is held back only. */
export function openTo<T>(world: World, values: readonly T[]): readonly T[] {
  return world === 'held-back' ? values : values.filter((_, index) => index % 3 !== 2)
}

export function pickOpen<T>(random: Random, world: World, values: readonly T[]): T {
  return random.pick(openTo(world, values))
}

/** One of several values, each as likely as its weight. */
export function weighted<T>(random: Random, choices: readonly (readonly [number, T])[]): T {
  let at = random.unit() * choices.reduce((sum, [weight]) => sum + weight, 0)
  for (const [weight, value] of choices) {
    at -= weight
    if (at < 0) return value
  }
  return choices.at(-1)![1]
}

/** Letters by a pattern: `#` is a digit, `A` an upper-case letter, the rest stands for itself. */
export function patterned(random: Random, pattern: string): string {
  return pattern.replace(
    /[#A]/g,
    (mark) =>
      mark === '#' ? String(random.integer(0, 9)) : String.fromCharCode(65 + random.integer(0, 25)),
  )
}
