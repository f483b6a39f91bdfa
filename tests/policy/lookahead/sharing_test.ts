/** How much of a usual batch's time an item reckons with. */
import assert from 'node:assert/strict'
import type { Service } from '../../../src/policy/state/capacity.ts'
import type { PipelineMix } from '../../../src/policy/frontier/mix.ts'
import { makespanMs } from '../../../src/policy/lookahead/makespan.ts'
import { shapesOf } from '../../../src/policy/core/graph.ts'
import { createSharing } from '../../../src/policy/lookahead/sharing.ts'
import type { Group } from '../../../src/policy/state/slots.ts'
import { ocr } from '../fixtures.ts'

const shapeOf = (name: string) => shapesOf([{ ...ocr, name }]).pipelines.get(name)!

/** No mix is in force. */
const nothing = { pipelines: () => [] }

Deno.test('where all have about as much time a batch is reckoned with as long as is usual', () => {
  const sharing = createSharing(nothing)
  const shape = shapeOf('alike')
  assert.equal(sharing.of(shape), 1)
  for (let i = 0; i < 500; i++) {
    sharing.saw(shape, 200 + 10 * Math.sin(i))
    assert.equal(sharing.of(shape), 1)
  }
})

Deno.test('the less the hastiest have of what is usual, the less of it', () => {
  const of = (hastyMs: number) => {
    const sharing = createSharing(nothing)
    const shape = shapeOf('unlike')
    for (let i = 0; i < 2000; i++) sharing.saw(shape, i % 5 === 4 ? hastyMs : 1000)
    return sharing.of(shape)
  }
  const shares = [10, 100, 400].map(of)
  shares.forEach((share, i) => assert.ok(share > (shares[i - 1] ?? 0) && share < 1, `${shares}`))
  // A hundredth of the time leaves about a quarter, not a hundredth.
  assert.ok(shares[0]! > 0.15 && shares[0]! < 0.35, `${shares}`)
})

Deno.test('who is refused some has all reckon with usual batches, and nobody else does', () => {
  const served = new Map([['many', 0.6], ['few', 1]])
  const sharing = createSharing({
    pipelines: () =>
      [...served].map(([pipeline, served]) => ({ pipeline, served }) as unknown as PipelineMix),
  })
  const [many, few] = [shapeOf('many'), shapeOf('few')]
  for (let i = 0; i < 500; i++) {
    for (const shape of [many, few]) sharing.saw(shape, i % 2 === 0 ? 10 : 1000)
  }
  assert.equal(sharing.of(many), 1)
  assert.ok(sharing.of(few) < 0.5, `${sharing.of(few)}`)
  served.set('many', 1)
  assert.equal(sharing.of(many), sharing.of(few))
})

Deno.test('queries of one pipeline say nothing of those of another, nor do such without time', () => {
  const sharing = createSharing(nothing)
  const [hasty, calm] = [shapeOf('hasty'), shapeOf('calm')]
  for (let i = 0; i < 500; i++) {
    sharing.saw(hasty, i % 2 === 0 ? 10 : 1000)
    sharing.saw(calm, 1000)
    sharing.saw(calm, 0)
    sharing.saw(calm, -5)
  }
  assert.ok(sharing.of(hasty) < 0.5, `${sharing.of(hasty)}`)
  assert.equal(sharing.of(calm), 1)
})

Deno.test('items take that share of a usual batch at least, and never less than they do alone', () => {
  const group = { slots: [{}, {}] } as unknown as Group
  const server = {
    ...{ group, meanMs: 20, upperMs: 25, networkMs: 2, costMs: 10, planMs: 10, batch: 8 },
    ...{ known: [], latencyMs: (batch: number) => 10 + 10 * batch },
  }
  const spanMs = (items: number, shared: number) => {
    const service: Service = {
      servers: [server],
      ...{ poolMs: 5, networkMs: 2, nearestMs: 2, upperRatio: 1.25, spansMs: [] },
    }
    return Math.round(makespanMs(service, items, 32, shared))
  }
  // Eight at once take 90 ms, one 20, and four on two slots 30.
  assert.deepEqual([1, 0.5, 0.1].map((shared) => spanMs(1, shared)), [90, 45, 20])
  assert.deepEqual([1, 0.5, 0.1].map((shared) => spanMs(4, shared)), [90, 45, 30])
})
