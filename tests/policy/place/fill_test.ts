/** Variants in a slot's memory beyond those it was planned for. */
import assert from 'node:assert/strict'
import { compile } from '../../../src/policy/place/compile.ts'
import { fillOrder } from '../../../src/policy/place/sets.ts'

/** Accuracy and time of each task's variants, in milliseconds. */
function orderOf(tasks: { [task: string]: { [variant: string]: [number, number] } }): string[] {
  const names = Object.keys(tasks)
  const { classes } = compile({
    pipelines: [{
      ...{ name: 'p', weight: 1, sloMs: 1000, ratePerS: 10, root: names[0]! },
      tasks: Object.fromEntries(names.map((name, i) => [name, {
        next: names.slice(i + 1, i + 2),
        variants: Object.fromEntries(
          Object.entries(tasks[name]!).map(([variant, [accuracy]]) => [variant, { accuracy }]),
        ),
      }])),
    }],
    classes: [{
      ...{ name: 'c', slots: 4, dutySum: 4, memoryBytes: 3, networkMs: 0 },
      able: names.flatMap((task) =>
        Object.entries(tasks[task]!).map(([variant, [, latencyMs]]) => ({
          ...{ pipeline: 'p', task, variant, memoryBytes: 1 },
          points: [{ batch: 1, latencyMs }],
        }))
      ),
    }],
  })
  return fillOrder(classes[0]!).map(({ ref }) => ref.variant)
}

Deno.test('spare memory goes to the quickest and most accurate variants, then to the largest gain between', () => {
  const order = orderOf({
    find: {
      nano: [0.55, 6],
      small: [0.74, 9],
      medium: [0.9, 13],
      large: [0.97, 18],
      huge: [1, 34],
    },
    name: { b0: [0.91, 1.1], b3: [0.968, 1.3], b5: [0.992, 2.4], b6: [0.996, 2.9] },
  })
  // By accuracy alone, a node with room for six held all names and nothing between the detectors.
  assert.deepEqual(order.slice(0, 4), ['nano', 'b0', 'huge', 'b6'])
  assert.deepEqual(order.slice(4, 7), ['medium', 'b3', 'large'])
})

Deno.test('a variant that is slower and no more accurate comes last', () => {
  const order = orderOf({
    find: { quick: [0.6, 4], bad: [0.5, 9], middle: [0.8, 10], best: [1, 30] },
  })
  assert.deepEqual(order, ['quick', 'best', 'middle', 'bad'])
})
