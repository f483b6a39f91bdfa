/** What the aim and the caution learn from, and what is no lesson. */
import assert from 'node:assert/strict'
import { createSteering } from '../../src/policy/frontier/steering.ts'
import { shapesOf } from '../../src/policy/core/graph.ts'
import { ocr } from './fixtures.ts'

const shapes = shapesOf([ocr])

/** Share of the time that is kept after a minute in which one query in five is late. */
function keptAfter(isChanging: (nowMs: number) => boolean, perS = 20): number {
  const steering = createSteering(shapes, { [ocr.name]: perS })
  const capacity = {
    groups: [{ key: 'all', class: 'one', slots: 4, duty: 4 }],
    services: shapes.variants.map(({ referenceMs }) => [
      { group: 0, costMs: referenceMs!, aloneMs: referenceMs! },
    ]),
    fanOut: shapes.variants.map(({ fanOut }) => fanOut),
  }
  let keep = NaN
  for (let nowMs = 0; nowMs < 60_000; nowMs += 50) {
    for (let i = 0; i < perS / 20; i++) steering.count(ocr.name, nowMs)
    if (nowMs % 1000 !== 0) continue
    const missed = perS / 5
    const row = {
      ...{ pipeline: ocr.name, arrived: perS, served: perS - missed, tight: 0, missed, refused: 0 },
    }
    const report = { queue: 0, classOf: new Map(), capacity, pipelines: [row] }
    keep = steering.decide(report, 0, isChanging(nowMs), nowMs).keep
  }
  return keep
}

Deno.test('queries that are late have more time kept', () => {
  assert.ok(keptAfter(() => false) > 0.5)
})

Deno.test('queries that are late while slots change what they hold are no lesson', () => {
  assert.equal(keptAfter(() => true), 0.2)
})

Deno.test('nor are those that are late where no way is left that is quicker', () => {
  // A hundred times what the quickest ways carry: to keep more makes batches smaller, and more late.
  assert.equal(keptAfter(() => false, 2000), 0.2)
})
