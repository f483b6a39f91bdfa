/**
 * What holds for a whole receipt while it is printed.
 *
 * @module
 */
import type { Random } from '../ocr/random.ts'
import { type Labels, labels } from './labels.ts'
import { type Money, moneyOf } from './money.ts'
import type { Row } from './receipt.ts'
import { type Language, languages, openTo, type World } from './world.ts'

export interface Setting {
  random: Random
  world: World
  language: Language
  money: Money
  /** One spelling of a label; in capitals where the whole receipt is. */
  label(name: keyof Labels): string
  /** All rows stand in the middle of their line. */
  centred: boolean
}

export function settingOf(random: Random, world: World, ascii: boolean): Setting {
  const language = random.pick(languages)
  const capitals = random.chance(0.2)
  return {
    random,
    world,
    language,
    money: moneyOf(random, language, ascii),
    label: (name) => {
      const label = random.pick(openTo(world, labels[language][name]))
      return capitals ? label.toUpperCase() : label
    },
    centred: random.chance(0.15),
  }
}

export const left = (...runs: string[]): Row => ({ runs: runs.filter(Boolean), at: 'left' })

export const centre = (...runs: string[]): Row => ({ runs: runs.filter(Boolean), at: 'centre' })
