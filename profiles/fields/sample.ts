/**
 * One text to read and the answer to it: rows joined to a text, with an OCR's errors or without.
 *
 * @module
 */
import type { Random } from '../ocr/random.ts'
import { disturbed } from './noise.ts'
import { answerOf, type Fields, type Receipt, type Row } from './receipt.ts'
import { folded, makeReceipt, randomOf } from './receipts.ts'
import { weighted, type World } from './world.ts'

export interface Sample {
  text: string
  answer: string
  fields: Fields
}

export interface SampleOptions {
  world: World
  /** Of the OCR's errors: 0 is clean, 1 as measured with the best recogniser's variant and so on. */
  noise: (random: Random) => number
  mostItems?: number
  bare?: number
}

/** Prompt, answer and their marks fit a context of 1,024 bytes. */
const mostBytes = 1000

const encoder = new TextEncoder()

export function makeSample(seed: number, index: number, options: SampleOptions): Sample {
  const random = randomOf(seed, index)
  while (true) {
    const sample = anySample(random, options)
    if (encoder.encode(sample.text).length + encoder.encode(sample.answer).length <= mostBytes) {
      return sample
    }
  }
}

function anySample(
  random: Random,
  { world, noise, mostItems = 8, bare = 0 }: SampleOptions,
): Sample {
  const strength = noise(random)
  // An OCR that knows ASCII alone has read what has errors of one.
  const ascii = strength > 0 ? random.chance(0.85) : random.chance(0.3)
  const made = makeReceipt(random, { world, ascii: ascii && random.chance(0.6), mostItems, bare })
  const seen = ascii && strength > 0 ? withReadSigns(random, made) : made
  const receipt = ascii ? folded(seen) : seen
  const rows = receipt.rows.map(({ runs }) => runs)
  const read = strength > 0 ? disturbed(random, rows, strength) : rows
  const { fields } = receipt
  return { text: joinRows(random, read, strength > 0), answer: answerOf(fields), fields }
}

/** What the OCR makes of signs that it does not know, as often: `E`, `f` or nothing. */
function withReadSigns(random: Random, { rows, fields }: Receipt): Receipt {
  const read = (run: string) =>
    run.replace(/ ?€ ?/g, () => random.chance(0.3) ? 'E' : '')
      .replace(/£/g, () => random.pick(['f', 'f', 'E', '']))
  const seen = rows.map(({ runs, at }) => ({ runs: runs.map(read).filter(Boolean), at }))
  return { rows: seen, fields }
}

/** Rows to lines; the OCR's path joins what stands in one row by tabs. */
export function joinRows(random: Random, rows: readonly string[][], tabs: boolean): string {
  const gap = weighted(random, [
    [tabs ? 9 : 5, '\t'],
    [2.5, ' '.repeat(random.integer(2, 4))],
    [tabs ? 0.7 : 1.5, ' '],
  ])
  return rows.map((runs) => runs.join(gap)).join('\n')
}

export type { Row }
