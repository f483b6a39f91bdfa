/**
 * The labelled set of the `fields` pipeline: texts of held-back receipts, scored by fields.
 *
 * @module
 */
import type { Example, Labelled, Leaf, Score } from '../../src/stages/labelled.ts'
import { strengths } from './noise.ts'
import type { Fields } from './receipt.ts'
import { makeSample } from './sample.ts'
import { parsed, scoreFields } from './score.ts'

/** No other seed of the held-back world was looked at while anything was chosen. */
export const seed = 20261
export const textCount = 200

/** Every other text is clean, the rest is read as by the recognisers from the best to the worst. */
export function labelled(
  options: { seed?: number; count?: number } = {},
): Promise<Labelled> {
  const own = options.seed ?? seed
  return Promise.resolve({
    about: { kind: 'texts of generated receipts', seed: own },
    names: { examples: 'texts', truths: 'texts', units: 'fields' },
    count: options.count ?? textCount,
    example: (index) => Promise.resolve(exampleOf(own, index)),
  })
}

function exampleOf(own: number, index: number): Example {
  const { text, fields } = makeSample(own, index, {
    world: 'held-back',
    noise: (random) => index % 2 === 0 ? 0 : random.between(strengths.best, strengths.worst),
  })
  const bytes = new TextEncoder().encode(text)
  const input = { meta: { type: 'text/plain' }, bytes }
  return {
    input,
    perfect: () => Promise.resolve([input]),
    score: (leaves) => scoreLeaves(fields, leaves),
  }
}

/** Of the one answer to a receipt: its JSON, or its text where no schema was kept to. */
export function scoreLeaves(truth: Fields, leaves: readonly Leaf[]): Score {
  const fields = leaves[0]?.fields
  const { total, errors, exact } = scoreFields(truth, fields?.['json'] ?? parsed(fields?.['text']))
  const found = fields == null ? 0 : 1
  return { total, errors, truths: 1, found, exact: Number(exact) }
}
