/**
 * Texts of generated lines, in languages of each script that is read: words, sentences, dates, numbers.
 *
 * @module
 */
import cyrillic from '../cyrillic/sentences.json' with { type: 'json' }
import greek from '../greek/sentences.json' with { type: 'json' }
import type { Random } from './random.ts'
import latin from './sentences.json' with { type: 'json' }

/** What lines of one language are made of. */
export interface Text {
  words: readonly string[]
  sentences: readonly string[]
}

const byScript = { latin, cyrillic, greek }
const sentences = { ...latin, ...cyrillic, ...greek }

export type Script = keyof typeof byScript
/** Codes of ISO 639-1. */
export type Language = keyof typeof sentences

export const scripts = Object.keys(byScript) as Script[]

export const languagesOf = (script: Script) => Object.keys(byScript[script]) as Language[]

/** Language of page `index` of a set: every third is English, the others follow each other. */
export function languageOf(index: number, script: Script = 'latin'): Language {
  if (index % 3 === 0) return 'en'
  const others = languagesOf(script).filter((language) => language !== 'en')
  return others[(index - Math.ceil(index / 3)) % others.length]!
}

/** Words of the sentences; of English, those of a dictionary. */
export async function textIn(language: Language): Promise<Text> {
  const own = sentences[language]
  const words = language === 'en' ? await englishWords() : own.flatMap(wordsOf)
  return { words, sentences: own }
}

const wordsOf = (sentence: string): string[] => sentence.match(/\p{L}[\p{L}·’-]*/gu) ?? []

let loaded: Promise<string[]> | undefined

/** English words of 2 to 9 letters. */
export function englishWords(): Promise<string[]> {
  loaded ??= Deno.readTextFile(new URL(import.meta.resolve('an-array-of-english-words')))
    .then((text) => (JSON.parse(text) as string[]).filter((w) => /^[a-z]{2,9}$/.test(w)))
  return loaded
}

const months = ['January', 'February', 'March', 'April', 'June', 'August', 'October', 'December']

/** A line of about `length` characters. */
export function lineText(random: Random, { words, sentences }: Text, length: number): string {
  const kind = random.unit()
  if (kind < 0.08) return dateText(random)
  if (kind < 0.16) return numberText(random)
  if (kind < 0.5) return sentenceText(random, random.pick(sentences), length)
  const parts: string[] = []
  let size = 0
  while (size < length) {
    const word = styled(random, random.pick(words), parts.length === 0)
    parts.push(word)
    size += word.length + 1
  }
  return parts.join(' ') + (random.chance(0.2) ? random.pick(['.', '?', '!', ':']) : '')
}

/** Whole words of a sentence, or all of it where that is not longer. */
function sentenceText(random: Random, sentence: string, length: number): string {
  const words = sentence.split(' ')
  const first = random.integer(0, Math.floor(words.length / 2))
  let text = words[sentence.length > length ? first : 0]!
  for (const word of words.slice(sentence.length > length ? first + 1 : 1)) {
    if (text.length + word.length > length) break
    text += ` ${word}`
  }
  return text
}

function styled(random: Random, word: string, first: boolean): string {
  const style = random.unit()
  if (style < 0.06) return word.toUpperCase()
  if (style < 0.14 || (first && style < 0.5)) return word.charAt(0).toUpperCase() + word.slice(1)
  if (style < 0.18) return `${word},`
  if (style < 0.21) return String(random.integer(2, 9999))
  return word
}

function dateText(random: Random): string {
  const day = random.integer(1, 28)
  const month = random.integer(1, 12)
  const year = random.integer(1950, 2029)
  const two = (n: number) => String(n).padStart(2, '0')
  return random.pick([
    `${day} ${random.pick(months)} ${year}`,
    `${year}-${two(month)}-${two(day)}`,
    `${two(day)}/${two(month)}/${year}`,
    `${random.pick(months)} ${day}, ${year}`,
  ])
}

function numberText(random: Random): string {
  const cents = String(random.integer(0, 99)).padStart(2, '0')
  return random.pick([
    `$${random.integer(1, 9)},${random.integer(100, 999)}.${cents}`,
    `No. ${random.integer(10000, 99999)}`,
    `Total: ${random.integer(10, 999)}.${cents}`,
    `${random.integer(200, 999)}-${random.integer(100, 999)}-${random.integer(1000, 9999)}`,
    `${random.integer(1, 99)}% of ${random.integer(100, 9999)}`,
  ])
}
