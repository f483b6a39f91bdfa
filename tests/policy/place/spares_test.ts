/** Variants on slots that the demand does not need. */
import assert from 'node:assert/strict'
import { place } from '../../../src/policy/place/place.ts'
import type { Holding } from '../../../src/policy/place/problem.ts'

const find = (variant: string) => ({ pipeline: 'p', task: 'find', variant })
const name = (variant: string) => ({ pipeline: 'p', task: 'name', variant })

/** Eight slots with room for one variant, of a chain of two tasks with hardly any demand. */
function placed(holding: Holding[] = []) {
  const rows = [
    { ...find('quick'), ms: 10 },
    { ...find('best'), ms: 40 },
    { ...name('quick'), ms: 5 },
    { ...name('best'), ms: 20 },
  ]
  const { classes } = place({
    pipelines: [{
      ...{ name: 'p', weight: 1, sloMs: 1000, ratePerS: 0.01, peakPerS: 4, root: 'find' },
      tasks: {
        find: { next: ['name'], variants: { quick: { accuracy: 0.8 }, best: { accuracy: 1 } } },
        name: { next: [], variants: { quick: { accuracy: 0.8 }, best: { accuracy: 1 } } },
      },
    }],
    classes: [{
      ...{ name: 'c', slots: 8, dutySum: 8, memoryBytes: 1, networkMs: 0 },
      able: rows.map(({ ms, ...ref }) => ({
        ...{ ...ref, memoryBytes: 1 },
        points: [{ batch: 1, latencyMs: ms }],
      })),
    }],
    holding,
  })
  const { sets, standbySets, ...rest } = classes[0]!
  const count = (list: typeof sets) =>
    Object.fromEntries(
      list.map(({ variants: [one], slots }) => [`${one!.task} ${one!.variant}`, slots]),
    )
  return { ...rest, sets: count(sets), standbySets: count(standbySets) }
}

Deno.test('empty slots hold the quickest variants, for the first queries', () => {
  const { awake, standby, resting, sets, standbySets } = placed()
  assert.deepEqual(sets, { 'find best': 1, 'name best': 1 })
  assert.deepEqual(standbySets, { 'find quick': 3, 'name quick': 3 })
  assert.deepEqual([awake, standby, resting], [2, 6, 0])
})

Deno.test('spare slots keep what they already hold', () => {
  const held = [find('best'), find('best'), name('best'), name('best'), name('best')]
  const { standbySets, resting } = placed([{
    class: 'c',
    sets: held.map((variant) => ({ variants: [variant], slots: 1 })),
  }])
  assert.deepEqual(standbySets, { 'find quick': 2, 'name quick': 1 })
  assert.equal(resting, 3)
})
