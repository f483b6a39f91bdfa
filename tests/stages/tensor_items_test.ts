/** The kind `tensors` with items that are odd: what is wrong with one is nobody else's matter. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { createOrtModel } from '../../src/node/engine/ort_model.ts'
import type { Task } from '../../src/pipeline/schema.ts'
import type { Tensor } from '../../src/pipeline/tensor.ts'
import { packTensors } from '../../src/pipeline/tensor_item.ts'
import { stages } from '../../src/stages/stages.ts'
import type { ItemResult, Model, StageItem } from '../../src/stages/types.ts'
import { type MadeModel, onnxOf } from '../pipeline/onnx.ts'

const rows = (count: number, value: number): Tensor => ({
  type: 'float32',
  dims: [count, 1],
  data: new Float32Array(count).fill(value),
})
const item = (tensors: { [name: string]: Tensor }) => packTensors(tensors) as StageItem

async function run(
  made: MadeModel,
  task: object,
  items: readonly StageItem[],
  change: (model: Model) => Model = (model) => model,
): Promise<ItemResult[]> {
  const variant = { accuracy: 1 }
  const whole = { next: [], variants: { only: variant }, ...task } as Task
  return await stages['tensors']!.run(items, {
    ...{ task: whole, variant, next: whole.next, crops: 'raw' as const },
    model: change(await createOrtModel(onnxOf(made))),
    codecs: undefined as never,
  })
}

const sum: MadeModel = {
  inputs: { a: ['N', 1], b: ['N', 1] },
  outputs: { y: ['N', 1] },
  nodes: [{ op: 'Add', inputs: ['a', 'b'], outputs: ['y'] }],
}

Deno.test('an item with unlike numbers of rows is refused, and gets nothing of those beside it', async () => {
  const takes = { a: { shape: [-1, 1] }, b: { shape: [-1, 1] } }
  // Together both have three rows each.
  const [first, second, third] = await run(sum, { stack: true, takes, answer: { y: 'y' } }, [
    item({ a: rows(2, 10), b: rows(1, 1) }),
    item({ a: rows(1, 20), b: rows(2, 2) }),
    item({ a: rows(2, 30), b: rows(2, 3) }),
  ])
  ok(first?.ok === false && second?.ok === false && third?.ok)
  equal(first.reason, 'invalid_input')
  match(first.message, /unlike numbers of rows, a 2, b 1$/)
  deepEqual([...third.tensors!['y']!.data], [33, 33])
})

Deno.test('a number that no integer can be is the fault of its item alone', async () => {
  const whole: MadeModel = {
    inputs: { x: ['int64', ['N', 1]] },
    outputs: { y: ['int64', ['N', 1]] },
    nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }],
  }
  const task = {
    takes: { x: { shape: [-1, 1] } },
    feed: { x: { from: 'x', do: [{ type: 'int64' }] } },
    answer: { y: 'y' },
  }
  for (const bad of [NaN, Infinity]) {
    const [first, second] = await run(whole, task, [
      item({ x: rows(1, bad) }),
      item({ x: rows(1, 7) }),
    ])
    ok(first?.ok === false && second?.ok)
    equal(first.reason, 'invalid_input')
    match(first.message, new RegExp(`x: {"type":"int64"}: found ${bad}, which is no whole number$`))
    deepEqual([...second.tensors!['y']!.data], [7n])
  }
})

Deno.test('where a model found nothing, the first of it are nothing, and no child item', async () => {
  const found: MadeModel = {
    inputs: { x: ['N', 1] },
    outputs: { boxes: ['N', 1] },
    nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['boxes'] }],
  }
  const task = {
    next: ['look'],
    takes: { x: { shape: [-1, 1] } },
    give: {
      look: { split: true, tensors: { box: { from: 'boxes', do: [{ slice: { to: 2 } }] } } },
    },
  }
  const counts: number[] = []
  for (const count of [0, 1, 5]) {
    const [result] = await run(found, task, [item({ x: rows(count, 1) })])
    ok(result?.ok, JSON.stringify(result))
    counts.push(result.children['look']!.length)
  }
  deepEqual(counts, [0, 1, 2])
})

const negative: MadeModel = {
  inputs: { x: ['N', 1] },
  outputs: { y: ['N', 1] },
  nodes: [{ op: 'Neg', inputs: ['x'], outputs: ['y'] }],
}

Deno.test('an item that a model makes NaN or infinity of fails alone, and no engine with it', async () => {
  for (const stack of [false, true]) {
    const task = { stack, takes: { x: { shape: [-1, 1] } }, answer: { y: 'y' } }
    const results = await run(negative, task, [
      item({ x: rows(1, 1) }),
      item({ x: rows(1, NaN) }),
      item({ x: rows(2, 2) }),
      item({ x: rows(1, Infinity) }),
    ])
    deepEqual(results.map((one) => one.ok ? [...one.tensors!['y']!.data] : one.reason), [
      ...[[-1], 'invalid_input', [-2, -2], 'invalid_input'],
    ])
  }
})

Deno.test('a model of one input is fed the one tensor that the task takes, whatever comes beside it', async () => {
  const { outputs, nodes } = sum
  const made = { inputs: { a: ['N', 1] }, outputs, nodes: [{ ...nodes[0]!, inputs: ['a', 'a'] }] }
  const task = { takes: { frames: { shape: [-1, 1] } }, answer: { y: 'y' } }
  const [alone, beside] = await run(made, task, [
    item({ frames: rows(1, 2) }),
    item({ frames: rows(1, 2), other: rows(3, 9) }),
  ])
  ok(alone?.ok && beside?.ok, JSON.stringify(beside))
  deepEqual(beside, alone)
})

Deno.test('an item of which a step would make more than there is room for fails alone', async () => {
  const doubles: MadeModel = {
    inputs: { x: ['N', 400] },
    outputs: { y: ['N', 400] },
    nodes: [{ op: 'Add', inputs: ['x', 'x'], outputs: ['y'] }],
  }
  const long = (length: number) =>
    item({ x: { type: 'float32', dims: [length], data: new Float32Array(length) } })
  // Of each element 400.
  const [good, bad] = await run(doubles, {
    takes: { x: { shape: [-1] } },
    feed: { x: { from: 'x', do: [{ window: { size: 400 } }] } },
    answer: { y: 'y' },
  }, [long(401), long(1_000_000)])
  ok(good?.ok && bad?.ok === false)
  equal(bad.reason, 'invalid_input')
  match(bad.message, /"window".*: makes 1599361600 bytes, of which there may be 268435456/)
})

Deno.test('an item of sizes that a model cannot be run with fails alone', async () => {
  const means: MadeModel = {
    inputs: { x: [1, 1, 'L'] },
    outputs: { y: [1, 1, 'M'] },
    weights: { w: { dims: [1, 1, 3], values: [1, 1, 1] } },
    nodes: [{ op: 'Conv', inputs: ['x', 'w'], outputs: ['y'], ints: { kernel_shape: [3] } }],
  }
  const sound = (length: number): StageItem => {
    const data = new Float32Array(length).fill(2)
    return item({ x: { type: 'float32', dims: [1, 1, length], data } })
  }
  const task = {
    takes: { x: { shape: [1, 1, -1], typical: [1, 1, 8] } },
    answer: { y: 'y' },
  }
  const [short, long] = await run(means, task, [sound(2), sound(4)])
  ok(short?.ok === false && long?.ok)
  equal(short.reason, 'invalid_input')
  deepEqual([...long.tensors!['y']!.data], [6, 6])
})

Deno.test('an engine that no longer runs what it ran is to blame, not the item', async () => {
  const broken = { code: 'not_finite', message: 'Cannot use output y' }
  const task = { takes: { x: { shape: [-1, 1] } }, answer: { y: 'y' } }
  const fails = (model: Model): Model => ({ ...model, run: () => Promise.reject(broken) })
  await rejects(run(negative, task, [item({ x: rows(1, 1) })], fails), broken)
})
