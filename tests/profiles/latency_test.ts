/** How `deno task profile` times batches. */
import assert from 'node:assert/strict'
import { measureLatency } from '../../src/cli/profile/latency.ts'
import type { Latency } from '../../src/cli/profile/messages.ts'
import { stages } from '../../src/stages/stages.ts'
import type { Model, StageContext } from '../../src/stages/types.ts'

Deno.test('a batch is timed for all its items, also where one run takes only some of them', async () => {
  const stage = stages['image-classification']!
  let nowMs = 0
  const model: Model = {
    ...{ inputNames: ['x'], outputNames: ['y'] },
    // A run takes 10 ms, and 5 for each item.
    run: ({ x }) => {
      nowMs += 10 + 5 * x!.dims[0]!
      return Promise.resolve({})
    },
  }
  const timesOf = async (side: number) => {
    const variant = { accuracy: 1, input: { height: side, width: side } }
    const task = { next: [], labels: ['a', 'b'], variants: { one: variant } }
    const context = { task, variant, next: task.next, model } as unknown as StageContext
    const all: Latency[] = []
    for (const batch of [1, 2, 4, 8]) {
      all.push(await measureLatency(stage, context, batch, all[0], () => nowMs))
    }
    return all.map(({ minMs }) => minMs)
  }
  assert.deepEqual(await timesOf(64), [15, 20, 30, 50])
  // Two of these at a time, and one of those.
  assert.deepEqual(await timesOf(640), [15, 20, 40, 80])
  assert.deepEqual(await timesOf(1024), [15, 30, 60, 120])
})
