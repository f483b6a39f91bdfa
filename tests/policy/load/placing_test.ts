/** Variants that a slot counts with, and those it keeps, while it loads. */
import assert from 'node:assert/strict'
import { BatchSizes } from '../../../src/policy/estimate/batch_sizes.ts'
import { createFanOut } from '../../../src/policy/estimate/fanout.ts'
import { Profile } from '../../../src/policy/estimate/profile.ts'
import { confine } from '../../../src/policy/place/holding.ts'
import { place } from '../../../src/policy/place/place.ts'
import type { Placement } from '../../../src/policy/place/problem.ts'
import { Placing } from '../../../src/policy/place/placing.ts'
import { shapesOf, type VariantShape } from '../../../src/policy/core/graph.ts'
import { Pool } from '../../../src/policy/state/pool.ts'
import { ocr, refsOf } from '../fixtures.ts'

const shapes = shapesOf([ocr])
const variants = refsOf(ocr).map((ref) => shapes.find(ref)!)
const [small, large] = variants
const read = variants.find(({ task }) => task.name === 'read')!

type Held = (VariantShape | undefined)[]

/** Variants that a slot holds, should hold, and loads. */
interface Given {
  held: Held
  wanted?: Held
  loading?: VariantShape
}

/** Nodes with room for one variant, and for a second one during a swap. */
function placingOf(...given: Given[]) {
  const profile = new Profile()
  const pool = new Pool({ shapes, profile, fanOut: createFanOut(), sizes: new BatchSizes() })
  const join = (id: string, { held, wanted = [], loading }: Given) => {
    const able = variants.map(({ ref }) => ({ ...ref, memoryBytes: 1 }))
    const limits = { slots: 1, duty: 1, memoryBytes: 1, swapRoom: true }
    const { node } = pool.handle({ type: 'node_joined', node: id, able, ...limits }, 0)!
    confine(node, () => true)
    const slot = node.slots[0]!
    for (const one of held) slot.held.add(one!)
    slot.wanted = wanted.map((one) => one!)
    slot.loading = loading ?? null
    return slot
  }
  const slots = given.map((one, i) => join(`n${i}`, one))
  const placing = new Placing({
    shapes,
    nodes: pool.warm,
    fanOut: { mean: () => 1, none: () => 0 },
    isOpen: () => true,
  })
  const report = {
    ...{ name: 'c', nodes: [...pool.warm.keys()], slots: slots.length, dutySum: slots.length },
    ...{ memoryBytes: 1, networkMs: 0, aside: [] },
    able: variants.map((variant) => ({
      variant: variant.index,
      points: [],
      costMs: 1,
      upperMs: 1,
    })),
  }
  const demands = [{ ratePerS: 10, peak: { perS: 10, surges: false }, floors: [] }]
  const problem = (nowMs = 0) => placing.problem([report], demands, nowMs)
  return { placing, join, slots, problem }
}

/** One slot for each of these sets. */
const placementOf = (...wanted: typeof variants): Placement => ({
  ...place({ pipelines: [], classes: [] }),
  classes: [{
    ...{ class: 'c', awake: wanted.length, standby: 0, resting: 0, standbySets: [] },
    sets: wanted.map((one) => ({ slots: 1, variants: [one.ref] })),
  }],
})

Deno.test('a slot should hold no more than its memory allows, whatever the placement', () => {
  const { placing, problem, slots: [slot] } = placingOf({ held: [] })
  problem()
  const sets = [{ slots: 1, variants: [small!.ref, large!.ref, read.ref] }]
  const placement = placementOf(small!)
  placing.accept({ ...placement, classes: [{ ...placement.classes[0]!, sets }] })
  placing.direct(false)
  assert.deepEqual(slot!.wanted, [small])
})

Deno.test('a loading slot counts in a plan with the variants it will hold', () => {
  const loads = { held: [small], wanted: [large], loading: large! }
  const { holding } = placingOf({ held: [small] }, loads).problem()
  assert.deepEqual(holding![0]!.sets.map(({ variants: [one] }) => one!.variant), [
    small!.ref.variant,
    large!.ref.variant,
  ])
})

Deno.test('a loading slot keeps its variants if the next plan wants them there', () => {
  const { placing, problem, slots: [loads] } = placingOf(
    { held: [small], wanted: [large], loading: large! },
    { held: [read] },
  )
  problem()
  placing.accept(placementOf(small!, read))
  placing.direct(false)
  assert.deepEqual(loads!.wanted, [small])
})

Deno.test('a variant about to be unloaded for lack of room does not count as a holder', () => {
  // The first slot has just loaded small in place of read, which goes; the second is the last with read.
  const { placing, problem, slots: [full, last] } = placingOf(
    { held: [read, small], wanted: [small] },
    { held: [read], wanted: [read] },
    { held: [small] },
  )
  problem()
  placing.accept({
    ...placementOf(small!, large!, read),
    first: [
      { class: 'c', from: [read.ref], to: [large!.ref], slots: 1, had: 0 },
      { class: 'c', from: [small!.ref], to: [read.ref], slots: 1, had: 0 },
    ],
  })
  placing.direct(false)
  assert.deepEqual(full!.wanted, [small])
  assert.deepEqual(last!.wanted, [read])
})

Deno.test("a node that joined after the placement gets its class's commonest set at once", () => {
  const { placing, join, problem } = placingOf({ held: [small] }, { held: [read] })
  problem()
  const late = join('late', { held: [] })
  const placement = placementOf(small!, read)
  const [one] = placement.classes
  const given = (sets: { slots: number; variants: typeof small[] }[], resting: number) => ({
    ...placement,
    classes: [{
      ...{ ...one!, resting },
      sets: sets.map(({ slots, variants }) => ({ slots, variants: variants.map((v) => v!.ref) })),
    }],
  })
  placing.accept(given([{ slots: 1, variants: [small] }, { slots: 1, variants: [read] }], 0))
  placing.direct(false)
  // Its class is not known yet.
  assert.deepEqual(late.wanted, [])
  late.node.class = 'c'
  placing.accept(given([{ slots: 1, variants: [small] }], 1))
  placing.direct(false)
  // A slot of the class rests: one more is not needed.
  assert.deepEqual(late.wanted, [])
  placing.accept(given([{ slots: 1, variants: [small] }, { slots: 1, variants: [read] }], 0))
  placing.direct(false)
  assert.deepEqual(late.wanted, [small])
  // The placement does not know its class.
  const other = join('other', { held: [] })
  other.node.class = 'd'
  placing.direct(false)
  assert.deepEqual(other.wanted, [])
})

Deno.test("a pool with departures is placed for a higher peak than the demand's", () => {
  const { placing, problem } = placingOf(
    ...Array.from({ length: 10 }, () => ({ held: [small] })),
  )
  const peakPerS = (nowMs: number) => problem(nowMs).pipelines[0]!.peakPerS!
  placing.joined(0)
  assert.equal(peakPerS(1000), 10)
  for (let nowMs = 2000; nowMs < 60_000; nowMs += 6000) placing.left(nowMs)
  assert.ok(peakPerS(60_000) > 10.5, `${peakPerS(60_000)}`)
})
