/** The kind `tensors`: its steps, what it refuses, and what it holds against the models. */
import { deepEqual, equal, match, ok, throws } from 'node:assert/strict'
import { checkModels } from '../../src/cli/pipelines/check_models.ts'
import { createOrtModel } from '../../src/node/engine/ort_model.ts'
import { checkPipeline } from '../../src/pipeline/parse.ts'
import type { Tensor } from '../../src/pipeline/tensor.ts'
import { packTensors, unpackTensors } from '../../src/pipeline/tensor_item.ts'
import { type Step, stepSchema } from '../../src/stages/tensors/description.ts'
import { specAfter } from '../../src/stages/tensors/shapes.ts'
import { applyStep } from '../../src/stages/tensors/steps.ts'
import { stages } from '../../src/stages/stages.ts'
import type { StageContext, StageItem } from '../../src/stages/types.ts'
import { type MadeModel, onnxOf } from '../pipeline/onnx.ts'

const tensor = (dims: number[], values: number[]): Tensor => ({
  type: 'float32',
  dims,
  data: Float32Array.from(values),
})
const counting = (...dims: number[]) =>
  tensor(dims, Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => i))

Deno.test('steps move elements as they say, and shapes are told before there are any', () => {
  const of = (from: Tensor, step: unknown) => {
    const parsed = stepSchema.parse(step) as Step
    const made = applyStep(parsed, from)
    const told = specAfter(parsed, { type: from.type, shape: from.dims })
    deepEqual(told, { type: made.type, shape: [...made.dims] })
    // Sizes not known yet never contradict what comes.
    const open = specAfter(parsed, { type: from.type, shape: from.dims.map(() => -1) })
    equal(open.shape.length, made.dims.length)
    ok(open.shape.every((size, i) => size === -1 || size === made.dims[i]))
    return [made.dims, [...made.data].map(Number)]
  }
  deepEqual(of(counting(2, 3), { reshape: [3, -1] }), [[3, 2], [0, 1, 2, 3, 4, 5]])
  deepEqual(of(counting(2, 3), { transpose: [1, 0] }), [[3, 2], [0, 3, 1, 4, 2, 5]])
  deepEqual(of(counting(2, 3), { slice: { axis: 1, from: 1 } }), [[2, 2], [1, 2, 4, 5]])
  deepEqual(of(counting(2, 3), { slice: { axis: -1, from: -1 } }), [[2, 1], [2, 5]])
  deepEqual(of(counting(4), { window: { size: 2 } }), [[3, 2], [0, 1, 1, 2, 2, 3]])
  deepEqual(of(counting(5, 1), { window: { size: 3, step: 2 } }), [[2, 3, 1], [0, 1, 2, 2, 3, 4]])
  deepEqual(of(counting(2, 3), { window: { axis: 1, size: 2 } }), [
    [2, 2, 2],
    [0, 1, 3, 4, 1, 2, 4, 5],
  ])
  deepEqual(of(counting(1, 2), { pad: { axis: 1, to: 4, value: 9 } }), [[1, 4], [0, 1, 9, 9]])
  deepEqual(of(counting(2), { pad: { to: 3, at: 'start' } }), [[3], [0, 0, 1]])
  deepEqual(of(counting(3), { pad: { to: 2 } }), [[3], [0, 1, 2]])
  deepEqual(of(counting(3), { multiply: 2 }), [[3], [0, 2, 4]])
  deepEqual(of(counting(3), { divide: 2 }), [[3], [0, 0.5, 1]])
  deepEqual(of(counting(3), { add: -1 }), [[3], [-1, 0, 1]])
  deepEqual(of(tensor([2], [1.7, -1.7]), { type: 'int64' }), [[2], [1, -1]])
  deepEqual(of(tensor([2, 3], [1, 5, 2, 9, 0, 9]), { argmax: -1 }), [[2], [1, 0]])
  deepEqual(of(tensor([1, 2], [3, 3]), { softmax: 1 }), [[1, 2], [0.5, 0.5]])
})

Deno.test('large whole numbers keep their last digits where only their type changes', () => {
  const ids: Tensor = {
    ...{ type: 'int64', dims: [2] },
    data: BigInt64Array.of(2n ** 53n + 1n, 2n ** 62n + 1n),
  }
  for (const type of ['int64', 'uint64'] as const) {
    deepEqual([...applyStep({ type }, ids).data], [...ids.data])
  }
})

Deno.test('steps that do not fit say which, and what they found', () => {
  const wrong = (step: unknown, shape: number[], why: RegExp, type: Tensor['type'] = 'float32') =>
    throws(() => specAfter(stepSchema.parse(step) as Step, { type, shape }), why)
  wrong(
    { reshape: [4, -1] },
    [2, 3],
    /"reshape":\[4,-1\]}: does not fit 6 elements: found float32 \[2,3\]/,
  )
  wrong({ window: { size: 9 } }, [8, 2], /needs 9 along axis 0: found float32 \[8,2\]/)
  wrong({ slice: { from: 8 } }, [8, 2], /nothing is left: found float32 \[8,2\]/)
  wrong({ softmax: 2 }, [8, 2], /there is no axis 2/)
  wrong({ transpose: [0, 0] }, [8, 2], /must name each of 2 axes once/)
  wrong({ pad: { to: 9, value: 0.5 } }, [8], /value must be a whole number/, 'int64')
  wrong({ add: 1 }, [8], /needs float32 or float64: found int64 \[8\]/, 'int64')
})

Deno.test('packTensors() and unpackTensors() carry any types, and notice missing bytes', () => {
  const tensors = {
    flags: { type: 'bool', dims: [3], data: Uint8Array.of(1, 0, 1) },
    ids: { type: 'int64', dims: [2], data: BigInt64Array.of(-(2n ** 60n), 7n) },
    x: counting(2, 2),
  } as const
  const { meta, bytes } = packTensors(tensors)
  // A frame puts an item anywhere.
  const moved = new Uint8Array(bytes.length + 3)
  moved.set(bytes, 3)
  deepEqual(unpackTensors(meta, moved.subarray(3)), tensors)
  throws(
    () => unpackTensors(meta, bytes.subarray(0, 20)),
    /tensor ids: its bytes are not all there/,
  )
  throws(() => unpackTensors({}, bytes), /the item carries none/)
  // Two of them make as many elements as there are.
  const below0 = { tensors: [{ name: 'x', type: 'float32', dims: [-1, -2] }] }
  throws(() => unpackTensors(below0, bytes), /tensor x: received float32 \[-1,-2\]/)
})

/** y = x + x, for rows of two. */
const doubles: MadeModel = {
  inputs: { x: ['N', 2] },
  outputs: { y: ['N', 2] },
  nodes: [{ op: 'Add', inputs: ['x', 'x'], outputs: ['y'] }],
}

const pipelineOf = (task: object, next: object = {}) =>
  checkPipeline({
    ...{ schema: 'shoal-pipeline/1', name: 'own', sloMs: 1000, root: 'first' },
    tasks: {
      first: { kind: 'tensors', variants: { a: { accuracy: 1, model: 'a.onnx' } }, ...task },
      ...next,
    },
  }, 'own.json')

async function checked(
  pipeline: ReturnType<typeof checkPipeline>,
  models: Record<string, MadeModel>,
) {
  const dir = await Deno.makeTempDir()
  try {
    const files = Object.entries(models).map(([name, made]) => [name, onnxOf(made)] as const)
    const prepared = Object.fromEntries(
      await Promise.all(files.map(async ([name, bytes]) => {
        await Deno.writeFile(`${dir}/${name}`, bytes)
        return [name, { sha256: '', bytes: bytes.length, file: `${dir}/${name}` }] as const
      })),
    )
    return await checkModels(pipeline, prepared, stages, 'own.json')
  } finally {
    await Deno.remove(dir, { recursive: true })
  }
}

async function contextOf(task: object): Promise<StageContext> {
  const pipeline = await checked(pipelineOf(task), { 'a.onnx': doubles })
  const { first } = pipeline.tasks
  return {
    ...{ task: first!, variant: first!.variants['a']!, next: first!.next, crops: 'raw' as const },
    model: await createOrtModel(onnxOf(doubles)),
    codecs: undefined as never,
  }
}

const item = (x: Tensor): StageItem => packTensors({ x }) as StageItem

Deno.test('items that may run together do, each gets its own rows, and a bad one fails alone', async () => {
  for (const stack of [false, true]) {
    const context = await contextOf({ stack })
    let runs = 0
    const model = {
      ...context.model,
      run: (feeds: { [name: string]: Tensor }, exact?: boolean) => {
        runs++
        return context.model.run(feeds, exact)
      },
    }
    const results = await stages['tensors']!.run([
      item(tensor([1, 2], [1, 2])),
      item(tensor([1, 3], [1, 2, 3])),
      item(tensor([2, 2], [3, 4, 5, 6])),
    ], { ...context, model })
    equal(runs, stack ? 1 : 2)
    const [first, bad, last] = results
    ok(first?.ok && last?.ok && bad?.ok === false)
    deepEqual([...first.tensors!['y']!.data], [2, 4])
    deepEqual(last.tensors!['y']!.dims, [2, 2])
    deepEqual([...last.tensors!['y']!.data], [6, 8, 10, 12])
    equal(bad.reason, 'invalid_input')
    match(bad.message, /tensor x: expected float32 \[-1,2\], received float32 \[1,3\]/)
  }
})

Deno.test('what the file leaves out, the models tell', async () => {
  const { tasks, output } = await checked(
    pipelineOf({ next: ['last'] }, {
      last: { kind: 'tensors', variants: { b: { accuracy: 1, model: 'b.onnx' } } },
    }),
    {
      'a.onnx': doubles,
      'b.onnx': {
        inputs: { in: ['N', 2] },
        outputs: { sum: ['N', 2], other: [1] },
        weights: { w: { dims: [1], values: [1] } },
        nodes: [{ op: 'Add', inputs: ['in', 'w'], outputs: ['sum'] }],
      },
    },
  )
  deepEqual(tasks['first']!['takes'], { x: { type: 'float32', shape: [-1, 2] } })
  deepEqual(tasks['first']!['give'], {
    last: { split: false, tensors: { in: { from: 'y', do: [] } } },
  })
  deepEqual(output, { last: { each: 'last', with: ['sum', 'other'] } })
})

Deno.test('a file that does not fit its models is refused with tensor, expected and found', async () => {
  const child = (takes: object) => ({
    second: { kind: 'tensors', takes, variants: { b: { accuracy: 1, model: 'b.onnx' } } },
  })
  const other: MadeModel = {
    inputs: { p: ['N', 5], q: ['int64', [1]] },
    outputs: { r: ['N', 5] },
    nodes: [{ op: 'Relu', inputs: ['p'], outputs: ['r'] }],
  }
  const named: MadeModel = {
    ...doubles,
    outputs: { ...doubles.outputs, names: ['string', ['N']], list: ['sequence', []] },
  }
  const refused: [pipeline: () => ReturnType<typeof pipelineOf>, why: RegExp][] = [
    [
      () => pipelineOf({ takes: { x: { shape: [-1, 3] } } }),
      /first\.variants\.a\.model: a\.onnx: input x expects float32 \[N,2\], takes\.x gives float32 \[-1,3\]/,
    ],
    [
      () => pipelineOf({ takes: { x: { type: 'int32', shape: [-1, 2] } } }),
      /expects float32 \[N,2\], takes\.x gives int32 \[-1,2\]/,
    ],
    [
      () => pipelineOf({ takes: { a: { shape: [1, 2] }, b: { shape: [1, 2] } } }),
      /input x expects float32 \[N,2\] and nothing feeds it: the task takes a, b/,
    ],
    [
      () => pipelineOf({ feed: { x: { value: 0.5, type: 'int64', shape: [1, 2] } } }),
      /first\.feed\.x\.value: must be a whole number for int64: received 0\.5/,
    ],
    [() => pipelineOf({ feed: { z: 'x' } }), /first\.feed: a\.onnx has no input z: it has x/],
    [
      () =>
        pipelineOf({
          feed: { x: { from: 'x', do: [{ reshape: [2, 3] }] } },
          takes: { x: { shape: [2, 2] } },
        }),
      /first\.feed\.x: x: {"reshape":\[2,3\]}: does not fit 4 elements: found float32 \[2,2\]/,
    ],
    [
      () => pipelineOf({ answer: { y: 'nothing' } }),
      /answer\.y: there is no tensor nothing: there are x, y/,
    ],
    [
      () => pipelineOf({ answer: { y: { from: 'y', do: [{ turn: 1 }] } } }),
      /first\.answer\.y/,
    ],
    [
      () =>
        pipelineOf(
          { next: ['second'] },
          child({ p: { shape: [-1, 5] }, q: { type: 'int64', shape: [1] } }),
        ),
      /first\.give\.second: is missing: no output is called p, which the child takes: there are y/,
    ],
    [
      () =>
        pipelineOf(
          { next: ['second'], give: { second: { tensors: { p: 'y', q: 'y' } } } },
          child({}),
        ),
      /second\.variants\.b\.model: b\.onnx: input p expects float32 \[N,5\] and nothing feeds it/,
    ],
    [
      () =>
        pipelineOf({ next: ['second'], give: { second: { tensors: { p: 'y', q: 'y' } } } }, {
          second: { kind: 'tensors', variants: { b: { accuracy: 1, model: 'b.onnx' } } },
        }),
      /first\.give\.second\.tensors\.p: second expects float32 \[-1,5\], this makes float32 \[-1,2\]/,
    ],
    [
      () => pipelineOf({ variants: { a: { accuracy: 1, model: 'named.onnx' } } }),
      /first\.answer\.names: names is string, and only tensors of numbers can be used: there are x, y/,
    ],
    [
      () =>
        pipelineOf({
          answer: { y: 'list' },
          variants: { a: { accuracy: 1, model: 'named.onnx' } },
        }),
      /first\.answer\.y: list is no tensor, and only/,
    ],
    [
      () => pipelineOf({ takes: { x: { shape: [1, -1] } } }),
      /takes\.x\.typical: is missing: sizes vary, float32 \[1,-1\]/,
    ],
  ]
  for (const [pipeline, why] of refused) {
    let message = ''
    try {
      await checked(pipeline(), { 'a.onnx': doubles, 'b.onnx': other, 'named.onnx': named })
    } catch (error) {
      message = (error as Error).message
    }
    match(message, /^Cannot use pipeline own\.json: tasks\./)
    match(message, why)
  }
})
