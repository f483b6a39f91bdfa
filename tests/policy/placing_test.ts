/** What a plan is asked for, and what a slot is taken to hold, and keeps, while it loads. */
import assert from 'node:assert/strict'
import type { LoadingSlot } from '../../src/policy/loader.ts'
import { place } from '../../src/policy/place/place.ts'
import { createPlacing, type Member } from '../../src/policy/placing.ts'
import { shapesOf } from '../../src/policy/shape.ts'
import { ocr, refsOf } from './fixtures.ts'

const shapes = shapesOf([ocr])
const variants = refsOf(ocr).map((ref) => shapes.find(ref)!)
const [small, large] = variants
const read = variants.find(({ task }) => task.name === 'read')!

const slotOf = (held: LoadingSlot['held'], more: Partial<LoadingSlot> = {}): LoadingSlot => ({
  ...{ wanted: [], held, loading: null, failures: new Map(), ...more },
})

/** Nodes with room for so many variants, and for another while it takes one's place. */
function placingOf(slots: readonly LoadingSlot[], memoryBytes = 1) {
  const members = new Map(slots.map((slot, i): [string, Member] => [`n${i}`, {
    ...{ id: `n${i}`, slots: [slot], able: variants, order: variants, fitsAll: false },
    ...{ bytesOf: new Map(variants.map((one) => [one, 1])), memoryBytes, swapRoom: true },
    ...{ paused: false, class: null },
  }]))
  const placing = createPlacing(shapes, members, () => 1, () => true)
  const report = {
    ...{ name: 'c', nodes: [...members.keys()], slots: slots.length, dutySum: slots.length },
    ...{ memoryBytes, networkMs: 0 },
    able: variants.map((variant) => ({ variant: variant.index, points: [] })),
  }
  const problem = (surges = false) =>
    placing.problem([report], [10], [{ perS: 40, driftPerS: 20, surges }])
  return { placing, problem }
}

Deno.test('a slot that loads counts for a plan as what it will hold', () => {
  const slots = [
    slotOf(new Set([small!])),
    slotOf(new Set([small!]), { wanted: [large!], loading: large! }),
  ]
  const { holding } = placingOf(slots).problem()
  assert.deepEqual(holding![0]!.sets.map(({ variants: [one] }) => one!.variant), [
    small!.ref.variant,
    large!.ref.variant,
  ])
})

Deno.test('a slot that loads keeps what it holds where the next plan has it do that', () => {
  const loads = slotOf(new Set([small!]), { wanted: [large!], loading: large! })
  const { placing, problem } = placingOf([loads, slotOf(new Set([read]))])
  problem()
  placing.accept({
    ...place({ pipelines: [], classes: [] }),
    classes: [{
      ...{ class: 'c', awake: 2, standby: 0, resting: 0, standbySets: [] },
      sets: [small!, read].map((one) => ({ slots: 1, variants: [one.ref] })),
    }],
  })
  placing.direct(false)
  assert.deepEqual(loads.wanted, [small])
})

Deno.test('slots that hold one variant are asked for what queues need, others for all that chance does', () => {
  const asked = (memoryBytes: number, surges: boolean) => {
    const slots = [slotOf(new Set([small!]))]
    const { peakPerS, queuePerS } = placingOf(slots, memoryBytes).problem(surges).pipelines[0]!
    return { peakPerS, queuePerS }
  }
  const one = asked(1, false)
  assert.ok(one.queuePerS! > 0)
  assert.equal(one.peakPerS, 20 + one.queuePerS!)
  assert.deepEqual(asked(2, false), { peakPerS: 40, queuePerS: 0 })
  // A surge that was seen is more than chance either way.
  assert.equal(asked(1, true).peakPerS, 40)
  assert.equal(asked(2, true).peakPerS, 40)
})
