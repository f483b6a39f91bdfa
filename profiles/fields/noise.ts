/**
 * Errors as the `ocr` pipeline makes them: measured ones, in `noise.json`.
 *
 * @module
 */
import type { Random } from '../ocr/random.ts'
import measured from './noise.json' with { type: 'json' }

/** Shares of what is not read as it stands. */
export interface Errors {
  /** By character: what it is read as, nothing for a lost one; a tab ends a run of a row. */
  characters: { readonly [character: string]: { readonly [read: string]: number } }
  /** Of spaces lost, by `spaceKind`. */
  spaces: { readonly [kind: string]: number }
  /** Of a character read where none is, for each character. */
  inserted: { readonly [character: string]: number }
  /** Of rows of `text`, or of a mere `rule`: `dropped`, or `joined` with the next. */
  rows: { readonly [kind: string]: { readonly [fate: string]: number } }
}

export interface NoiseTable {
  measured: {
    receipts: number
    best: { variant: string; characters: number; wrong: number }
    worst: { variant: string; characters: number; wrong: number }
  }
  best: Errors
  worst: Errors
}

/** Strengths of the best and of the worst recogniser; 0 is none, 2 is twice the worst. */
export const strengths = { best: 0.5, worst: 1 } as const

type Odds = readonly (readonly [share: number, read: string])[]

interface Channel {
  characters: ReadonlyMap<string, Odds>
  spaces: { readonly [kind: string]: number }
  inserted: Odds
  rows: Errors['rows']
}

const channels = { best: channelOf(measured.best), worst: channelOf(measured.worst) }

function channelOf({ characters, spaces, inserted, rows }: Errors): Channel {
  const odds = (shares: { readonly [read: string]: number }): Odds =>
    Object.entries(shares).map(([read, share]) => [share, read] as const)
  return {
    characters: new Map(Object.entries(characters).map(([of, shares]) => [of, odds(shares)])),
    spaces,
    inserted: odds(inserted),
    rows,
  }
}

/** What stands on both sides of a space: a letter, a digit or anything else. */
export function spaceKind(before: string, after: string): string {
  const kind = (c: string) => /[\p{L}]/u.test(c) ? 'a' : /\d/.test(c) ? '1' : '.'
  return kind(before) + kind(after)
}

/** Rows of runs as an OCR of that strength reads them: some rows well, some badly. */
export function disturbed(random: Random, rows: readonly string[][], strength: number): string[][] {
  const out: string[][] = []
  let joins = false
  for (const runs of rows) {
    const bad = random.unit() < Math.min(1, Math.max(0, strength * 2 - 1))
    const channel = bad ? channels.worst : channels.best
    const times = (bad ? Math.max(1, strength) : Math.min(1, strength * 2)) *
      random.between(0.2, 1.8)
    const text = runs.join('\t')
    const kind = channel.rows[/[\p{L}\p{N}]/u.test(text) ? 'text' : 'rule'] ?? {}
    if (random.chance((kind['dropped'] ?? 0) * times)) continue
    const read = disturbedText(random, text, channel, times).split('\t')
      .map((run) => run.trim()).filter(Boolean)
    if (read.length === 0) continue
    if (joins) out.at(-1)!.push(...read)
    else out.push(read)
    joins = random.chance((kind['joined'] ?? 0) * times)
  }
  return out
}

function disturbedText(random: Random, text: string, channel: Channel, times: number): string {
  let out = ''
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!
    if (character === ' ') {
      const kind = spaceKind(text[at - 1] ?? '', text[at + 1] ?? '')
      if (!random.chance((channel.spaces[kind] ?? 0) * times)) out += ' '
    } else {
      const odds = channel.characters.get(character)
      out += odds === undefined ? character : chosen(random, odds, times) ?? character
    }
    out += chosen(random, channel.inserted, times) ?? ''
  }
  return out
}

function chosen(random: Random, odds: Odds, times: number): string | undefined {
  let at = random.unit()
  for (const [share, read] of odds) {
    at -= share * times
    if (at < 0) return read
  }
  return undefined
}
