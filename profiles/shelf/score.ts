/**
 * How well things were found and named.
 *
 * @module
 */
import type { Leaf, Score } from '../../src/stages/labelled.ts'
import { overlapOf } from '../../src/stages/boxes.ts'
import type { Point } from '../../src/stages/box.ts'
import type { Thing } from './held_back.ts'

/** Intersection over union from which on a thing counts as found. */
const LEAST_OVERLAP = 0.5

/**
 * Things found and right, over all that are there and all that was said: a thing that is missed or
 * misnamed counts against it, and so does one that is not there.
 *
 * @param leaves what was said of garments, or of tags; those without fields said nothing
 */
export function scoreThings(truths: readonly Thing[], leaves: readonly Leaf[]): Score {
  const said = leaves.filter(({ fields }) => fields !== null)
  const matched = matchThings(truths, said)
  const wrong = truths.filter((truth) => {
    const fields = matched.get(truth)?.fields
    return (fields?.['label'] ?? fields?.['text']) !== truth.what
  }).length
  const extra = said.length - matched.size
  return {
    total: truths.length + extra,
    errors: wrong + extra,
    truths: truths.length,
    found: matched.size,
    exact: truths.length - wrong,
  }
}

/** Pairs that overlap enough, those that do so most first, each thing once. */
function matchThings(truths: readonly Thing[], leaves: readonly Leaf[]): Map<Thing, Leaf> {
  const pairs = truths.flatMap((truth) =>
    leaves.map((leaf) => ({ truth, leaf, overlap: overlapWith(truth, leaf) }))
  ).sort((a, b) => b.overlap - a.overlap)
  const matched = new Map<Thing, Leaf>()
  const taken = new Set<Leaf>()
  for (const { truth, leaf, overlap } of pairs) {
    if (overlap < LEAST_OVERLAP) break
    if (matched.has(truth) || taken.has(leaf)) continue
    matched.set(truth, leaf)
    taken.add(leaf)
  }
  return matched
}

function overlapWith({ box: [x0, y0, x1, y1] }: Thing, { meta }: Leaf): number {
  const [start, , end] = meta['box'] as Point[]
  const found = { x0: start![0], y0: start![1], x1: end![0], y1: end![1] }
  return overlapOf({ x0, y0, x1, y1 }, found)
}
