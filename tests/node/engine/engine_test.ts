import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { EngineError, failureFrom } from '../../../src/node/engine/answer.ts'
import { allFinite, createOrtModel } from '../../../src/node/engine/ort_model.ts'
import { createOrtEngine } from '../../../src/node/engine/ort_engine.ts'
import { buffersOf, owned } from '../../../src/node/engine/transfer.ts'
import { emptyData } from '../../../src/pipeline/tensor.ts'
import { onnxOf, TYPE } from '../../pipeline/onnx.ts'
import { readModel, SMALL_MODEL } from '../fixture.ts'

const bytes = await readModel(SMALL_MODEL)
const input = (value: number, batch = 1) => ({
  type: 'float32' as const,
  dims: [batch, 3, 48, 192],
  data: new Float32Array(batch * 3 * 48 * 192).fill(value),
})

Deno.test('createOrtModel() runs a real model, one run at a time for all sessions', async () => {
  const [one, two] = await Promise.all([createOrtModel(bytes), createOrtModel(bytes)])
  const name = one.inputNames[0]!
  const outputs = await Promise.all([
    one.run({ [name]: input(0) }),
    two.run({ [name]: input(0) }),
    one.run({ [name]: input(0, 2) }),
  ])
  const [first, second, pair] = outputs.map((output) => output[one.outputNames[0]!]!)
  deepEqual(first!.dims, [1, 2])
  deepEqual(pair!.dims, [2, 2])
  deepEqual(first!.data, second!.data)
  ok(Math.abs(Number(first!.data[0]) + Number(first!.data[1]) - 1) < 1e-5)
  await one.release()
  await two.release()
})

Deno.test('createOrtModel() passes on no output that is not finite, and lives on', async () => {
  const model = await createOrtModel(bytes)
  const name = model.inputNames[0]!
  const failed = (code: string) => (error: unknown) =>
    error instanceof EngineError && error.code === code
  await rejects(model.run({ [name]: input(NaN) }), failed('not_finite'))
  await rejects(
    model.run({ [name]: { type: 'float32', dims: [1], data: new Float32Array(1) } }),
    failed('run_failed'),
  )
  await rejects(createOrtModel(crypto.getRandomValues(new Uint8Array(999))), failed('load_failed'))
  ok(await model.run({ [name]: input(1) }))
  await model.release()
})

Deno.test('createOrtModel() looks for what is not finite in halves and doubles, too', async () => {
  for (const type of ['float16', 'float64'] as const) {
    const model = await createOrtModel(onnxOf({
      inputs: { x: ['N'] },
      outputs: { y: [type, ['N']] },
      nodes: [
        { op: 'Sqrt', inputs: ['x'], outputs: ['roots'] },
        { op: 'Cast', inputs: ['roots'], outputs: ['y'], ints: { to: TYPE[type] } },
      ],
    }))
    const run = (value: number) =>
      model.run({ x: { type: 'float32', dims: [2], data: Float32Array.of(4, value) } })
    for (const value of [-1, Infinity]) {
      await rejects(run(value), /Cannot use output y: it is not finite throughout/)
    }
    equal((await run(9))['y']!.data.length, 2)
    await model.release()
  }
})

Deno.test('createOrtModel() gives outputs that are tensors of numbers, and leaves others', async () => {
  for (const rows of ['N', 1]) {
    const model = await createOrtModel(onnxOf({
      inputs: { x: [rows, 2] },
      outputs: {
        names: ['string', [rows, 2]],
        y: [rows, 2],
        list: ['sequence', []],
      },
      nodes: [
        { op: 'Cast', inputs: ['x'], outputs: ['names'], ints: { to: TYPE.string } },
        { op: 'Neg', inputs: ['x'], outputs: ['y'] },
        { op: 'SequenceConstruct', inputs: ['x'], outputs: ['list'] },
      ],
    }))
    deepEqual(model.outputNames, ['y'])
    const data = Float32Array.of(1, 2, 3, 4)
    deepEqual(await model.run({ x: { type: 'float32', dims: [2, 2], data } }), {
      y: { type: 'float32', dims: [2, 2], data: data.map((value) => -value) },
    })
    await model.release()
  }
})

Deno.test('createOrtModel() runs a batch in pieces where the model takes a fixed number of items', async () => {
  for (const rows of [1, 4]) {
    const model = await createOrtModel(onnxOf({
      inputs: { x: [rows, 3] },
      outputs: { y: [rows, 3] },
      nodes: [{ op: 'Neg', inputs: ['x'], outputs: ['y'] }],
    }))
    for (const batch of [1, 4, 6]) {
      const data = Float32Array.from({ length: 3 * batch }, (_, i) => i + 1)
      const { y } = await model.run({ x: { type: 'float32', dims: [batch, 3], data } })
      deepEqual(y!.dims, [batch, 3])
      deepEqual(y!.data, data.map((value) => -value))
    }
    // What is no number of items is left as it is, for the engine to refuse.
    const data = new Float32Array(6)
    await rejects(
      model.run({ x: { type: 'float32', dims: [2, 3], data } }, true),
      /invalid dimensions/,
    )
    await model.release()
  }
})

Deno.test('createOrtModel() joins pieces of half floats as they are', async () => {
  const model = await createOrtModel(onnxOf({
    inputs: { x: ['float16', [1, 2]] },
    outputs: { y: ['float16', [1, 2]] },
    nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }],
  }))
  const data = emptyData('float16', 6)
  // 1 and -2, as numbers or as their bits.
  data.set(
    (data instanceof Uint16Array ? [0x3c00, 0xc000, 1, 2, 3, 4] : [1, -2, 1, 2, 3, 4]) as never,
  )
  const { y } = await model.run({ x: { type: 'float16', dims: [3, 2], data } })
  deepEqual([y!.type, y!.dims, y!.data], ['float16', [3, 2], data])
  await model.release()
})

Deno.test('engine shares a session between all who hold it', async () => {
  const engine = createOrtEngine()
  await rejects(engine.acquire('h'), /its bytes are not here/)
  const first = await engine.acquire('h', bytes)
  equal(await engine.acquire('h'), first)
  await engine.release('h')
  ok(engine.has('h'))
  ok(await first.run({ [first.inputNames[0]!]: input(0) }))
  await engine.release('h')
  equal(engine.has('h'), false)
})

Deno.test('allFinite() sees a single bad value', () => {
  const values = new Float32Array(1000).fill(3.4e38)
  equal(allFinite(values), true)
  equal(allFinite(values.with(500, Infinity)), false)
  equal(allFinite(values.with(0, NaN)), false)
  equal(allFinite(values.with(0, Infinity).with(1, -Infinity)), false)
})

Deno.test('failureFrom() keeps the code of an engine error', () => {
  equal(failureFrom(new EngineError('broken', 'gone'), 'run_failed').code, 'broken')
  equal(failureFrom(new TypeError('odd'), 'run_failed').code, 'run_failed')
  match(failureFrom(7, 'run_failed').message, /7/)
})

Deno.test('owned() copies windows only; buffersOf() names each buffer once', () => {
  const whole = new Uint8Array(8)
  equal(owned(whole), whole)
  const part = owned(whole.subarray(2, 4))
  equal(part.buffer.byteLength, 2)
  const items = [whole.subarray(0, 2), whole.subarray(2), new Uint8Array(0)]
  deepEqual(buffersOf(items.map((bytes) => ({ meta: {}, bytes }))), [whole.buffer])
})
