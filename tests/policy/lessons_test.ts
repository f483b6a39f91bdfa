/** What the aim and the caution learn from, and what is no lesson. */
import assert from 'node:assert/strict'
import { createSteering } from '../../src/policy/frontier/steering.ts'
import { shapesOf } from '../../src/policy/shape.ts'
import { ocr } from './fixtures.ts'

const shapes = shapesOf([ocr])

/** Share of the time that is kept after a minute in which one query in five is late. */
function keptAfter(isChanging: (nowMs: number) => boolean): number {
  const steering = createSteering(shapes, { [ocr.name]: 20 })
  const capacity = {
    groups: [{ key: 'all', class: 'one', slots: 4, duty: 4 }],
    services: shapes.variants.map(({ referenceMs }) => [
      { group: 0, costMs: referenceMs!, aloneMs: referenceMs! },
    ]),
    fanOut: shapes.variants.map(({ fanOut }) => fanOut),
  }
  let keep = NaN
  for (let nowMs = 0; nowMs < 60_000; nowMs += 50) {
    steering.count(ocr.name, nowMs)
    if (nowMs % 1000 !== 0) continue
    const row = { pipeline: ocr.name, arrived: 20, served: 16, tight: 0, missed: 4, refused: 0 }
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
