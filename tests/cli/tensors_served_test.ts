/** Tensors of every kind in and out, as JSON and as bytes, through a real node. */
import { deepEqual, equal, match } from 'node:assert/strict'
import { onnxOf } from '../pipeline/onnx.ts'
import { post, postInfer } from '../conformance/oip_client.ts'
import { inFolder, tensorsTask, withServing } from './own_scene.ts'

const TYPES = {
  f32: ['float32', 'FP32'],
  f16: ['float16', 'FP16'],
  i32: ['int32', 'INT32'],
  i64: ['int64', 'INT64'],
  u8: ['uint8', 'UINT8'],
  truth: ['bool', 'BOOL'],
} as const
const names = Object.keys(TYPES) as (keyof typeof TYPES)[]

/** Gives back what it is given. */
const echo = onnxOf({
  inputs: Object.fromEntries(names.map((name) => [name, [TYPES[name][0], ['N']]])),
  outputs: Object.fromEntries(names.map((name) => [`${name}_out`, [TYPES[name][0], ['N']]])),
  nodes: names.map((name) => ({ op: 'Identity', inputs: [name], outputs: [`${name}_out`] })),
})

const pipeline = {
  ...{ schema: 'shoal-pipeline/1', name: 'echo', sloMs: 20_000, root: 'echo' },
  tasks: { echo: tensorsTask({ only: { accuracy: 1, model: 'echo.onnx', referenceMs: 1 } }) },
}

const DATA = {
  f32: [0.5, -1.25],
  i32: [-7, 2147483647],
  i64: [-5, 9007199254740991],
  u8: [0, 255],
  truth: [true, false],
}
const half = Uint16Array.of(0x3c00, 0xc000)

Deno.test('a pipeline of tensors is a model of the Open Inference Protocol, JSON and binary', async () => {
  await inFolder({ 'pipeline.json': pipeline, 'echo.onnx': echo }, async (dir) => {
    await withServing(dir, 1, async ({ url }) => {
      const model = `${url}/v2/models/echo`
      const { inputs, outputs } = await (await fetch(model)).json()
      deepEqual(
        inputs,
        names.map((name) => ({ name, datatype: TYPES[name][1], shape: [-1] })),
      )
      deepEqual(
        outputs,
        names.map((name) => ({ name: `${name}_out`, datatype: TYPES[name][1], shape: [-1] })),
      )

      const json = Object.entries(DATA).map(([name, data]) => ({
        ...{ name, datatype: TYPES[name as keyof typeof TYPES][1], shape: [2], data },
      }))
      const inBytes = {
        ...{ name: 'f16', datatype: 'FP16', shape: [2] },
        parameters: { binary_data_size: half.byteLength },
      }
      const tail = new Uint8Array(half.buffer)
      const mixed = await postInfer(`${model}/infer`, { inputs: [...json, inBytes] }, tail)
      equal(mixed.status, 200, `${mixed.json.error}`)
      for (const { name, data, datatype } of mixed.json.outputs) {
        const input = name.replace('_out', '') as keyof typeof TYPES
        equal(datatype, TYPES[input][1])
        deepEqual(data, input === 'f16' ? [1, -2] : DATA[input])
      }

      const wide = BigInt64Array.of(2n ** 62n + 1n, -3n)
      const binary = await postInfer(`${model}/infer`, {
        inputs: [
          ...json.filter(({ name }) => name !== 'i64'),
          inBytes,
          { ...inBytes, name: 'i64', datatype: 'INT64', parameters: { binary_data_size: 16 } },
        ],
        outputs: [
          { name: 'i64_out', parameters: { binary_data: true } },
          { name: 'f16_out', parameters: { binary_data: true } },
          { name: 'truth_out' },
        ],
      }, new Uint8Array([...tail, ...new Uint8Array(wide.buffer)]))
      equal(binary.status, 200, `${binary.json.error}`)
      deepEqual(
        new BigInt64Array(binary.binary.get('i64_out')!.slice().buffer),
        wide,
      )
      deepEqual(binary.binary.get('f16_out')!.slice(), tail)
      deepEqual(binary.json.outputs[2]!.data, [true, false])

      const refused = async (inputs: unknown[], why: RegExp, body?: Uint8Array) => {
        const { status, json } = await postInfer(`${model}/infer`, { inputs }, body)
        equal(status, 400)
        equal(json.reason, 'invalid_input')
        match(json.error!, why)
      }
      const [first, ...rest] = json
      await refused(json, /input f16, FP16 \[-1\], is missing/)
      await refused([{ ...first, datatype: 'FP64' }], /expected FP32 \[-1\], received FP64 \[2\]/)
      await refused([{ ...first, shape: [2, 1] }], /expected FP32 \[-1\], received FP32 \[2,1\]/)
      await refused([{ ...first, data: [1] }], /its shape has 2 elements, its data 1/)
      await refused([first, first], /input "f32": it is there more than once/)
      await refused([{ ...first, name: 'constructor' }], /the model takes f32, f16/)
      await refused(
        [{ ...rest[2], data: [1, 256] }],
        /element 1 of data is no UINT8: received "256"/,
      )
      await refused([{ ...inBytes, shape: [3] }], /\[3\] of FP16 is 6 bytes: received .* 4/, tail)
      await refused(
        [...json, inBytes],
        /1 bytes follow the JSON, and no input claims/,
        Uint8Array.of(...tail, 1),
      )
    })
  })
})

Deno.test('a body that is one tensor and nothing else needs no JSON', async () => {
  const alone = onnxOf({
    inputs: { x: ['N', 2] },
    outputs: { y: ['N', 2] },
    nodes: [{ op: 'Neg', inputs: ['x'], outputs: ['y'] }],
  })
  await inFolder({ 'pipeline.json': pipeline, 'echo.onnx': alone }, async (dir) => {
    await withServing(dir, 1, async ({ url }) => {
      const whole = { 'inference-header-content-length': '0' }
      const at = `${url}/v2/models/echo/infer`
      const { status, json } = await post(at, Float32Array.of(1, 2, 3, 4), whole)
      equal(status, 200, `${json.error}`)
      deepEqual(json.outputs[0], {
        name: 'y',
        datatype: 'FP32',
        shape: [2, 2],
        data: [-1, -2, -3, -4],
      })
      const odd = await post(at, Float32Array.of(1, 2, 3), whole)
      equal(odd.status, 400)
      match(odd.json.error!, /12 bytes do not fit input x, FP32 \[-1,2\]/)
      const picture = await fetch(`${url}/v1/pipelines/echo/infer`, {
        ...{ method: 'POST', body: 'x', headers: { 'content-type': 'image/png' } },
      })
      equal(picture.status, 415)
      match((await picture.json()).error, /this pipeline takes tensors/)
    })
  })
})
