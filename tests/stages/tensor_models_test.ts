/** Models of kind `tensors` that are odd: what their files do not say, and names that cannot be used. */
import { deepEqual, rejects } from 'node:assert/strict'
import { loadPipeline } from '../../src/cli/pipelines/load.ts'
import type { Pipeline } from '../../src/pipeline/schema.ts'
import { inFolder } from '../cli/own_scene.ts'
import { type Made, onnxOf } from '../pipeline/onnx.ts'

const ROWS = ['N', 3] as const
const model = (inputs: { [name: string]: Made }, outputs: { [name: string]: Made }) =>
  onnxOf({ inputs, outputs, nodes: [] })

/** One task for each list of models, each the child of the one before. */
async function load(
  models: Uint8Array[][],
  first: object = {},
): Promise<Pipeline> {
  const files: { [file: string]: Uint8Array } = {}
  const tasks = Object.fromEntries(models.map((own, t) => {
    const variants = Object.fromEntries(own.map((bytes, v) => {
      files[`${t}-${v}.onnx`] = bytes
      return [`v${v}`, { accuracy: 1, model: `${t}-${v}.onnx` }]
    }))
    const next = t + 1 < models.length ? [`t${t + 1}`] : []
    return [`t${t}`, { kind: 'tensors', next, variants, ...t === 0 ? first : {} }]
  }))
  const file = { schema: 'shoal-pipeline/1', name: 'own', sloMs: 1000, root: 't0', tasks }
  let loaded: Pipeline | undefined
  await inFolder({ ...files, 'pipeline.json': file }, async (dir) => {
    loaded = (await loadPipeline(dir, () => {})).pipeline
  })
  return loaded!
}

const answerOf = ({ tasks }: Pipeline, task: string) => tasks[task]!['answer']

Deno.test('inputs that cannot be fed are refused by name, whatever the file says of what it takes', async () => {
  for (const first of [{}, { takes: { x: { shape: [-1, 3] } } }]) {
    await rejects(
      load([[model({ x: ['string', ROWS] }, { y: ROWS })]], first),
      /t0\.variants\.v0\.model: 0-0\.onnx: input x expects string \[N,3\]: such inputs cannot be fed/,
    )
  }
})

Deno.test('tensors whose names no file can say are refused', async () => {
  for (
    const [name, fault] of [
      ['', /tensor name "" must be 1 to 128 characters/],
      ['x'.repeat(129), /tensor name "x+" must be 1 to 128 characters/],
      ['constructor', /tensor name "constructor" must be another name/],
      ['toString', /tensor name "toString" must be another name/],
    ] as const
  ) {
    await rejects(load([[model({ [name]: ROWS }, { y: ROWS })]]), fault)
    await rejects(load([[model({ x: ROWS }, { [name]: ROWS })]]), fault)
  }
})

Deno.test('an output may have a name as long as any tensor', async () => {
  const name = 'y'.repeat(128)
  const { output } = await load([[model({ x: ROWS }, { [name]: ROWS })]])
  deepEqual(output, { t0: { each: 't0', with: [name] } })
})

Deno.test('an input of which the model says no shape is not taken for a single number', async () => {
  const open = [[model({ x: 'unshaped' }, { y: ROWS })]]
  await rejects(load(open), /t0\.takes\.x: is missing: the model does not say its shape/)
  await load(open, { takes: { x: { shape: [-1, 3] } } })
})

Deno.test('an output of which the model says no shape can be answered, and nothing be made of it', async () => {
  const open = model({ x: ROWS }, { y: 'unshaped' })
  const y = { from: 'y', do: [], type: 'float32' }
  deepEqual(answerOf(await load([[open]]), 't0'), { y: { ...y, shape: [] } })
  // Beside a variant whose model says it.
  const said = model({ x: ROWS }, { y: ROWS })
  for (const both of [[open, said], [said, open]]) {
    deepEqual(answerOf(await load([both]), 't0'), { y: { ...y, shape: [] } })
  }
  const fault = /the model does not say the shape of y: save it with those of its outputs/
  await rejects(load([[open]], { answer: { y: { from: 'y', do: [{ softmax: 1 }] } } }), fault)
  await rejects(load([[open], [said]]), fault)
})

Deno.test('an answer has what all variants give: of three as of two', async () => {
  const of = (...names: string[]) =>
    model({ x: ROWS }, Object.fromEntries(names.map((name) => [name, ROWS])))
  const { output } = await load([[of('y', 'a'), of('b', 'y'), of('c', 'y')]])
  deepEqual(output, { t0: { each: 't0', with: ['y'] } })
  for (const names of [['a', 'b'], ['a', 'b', 'c']]) {
    await rejects(
      load([names.map((name) => of(name))]),
      /tasks\.t0\.variants: have no output of one name: all must give alike/,
    )
  }
})

Deno.test('items can be run together where all that goes in and out grows with their number', async () => {
  const stack = { stack: true }
  await load([[model({ x: ROWS }, { y: ROWS })]], stack)
  for (const [x, y, name] of [[[1, 3], ROWS, 'x'], [ROWS, [1, 3], 'y'], [ROWS, [], 'y']] as const) {
    await rejects(
      load([[model({ x }, { y })]], stack),
      new RegExp(
        `t0\\.variants\\.v0\\.model: 0-0\\.onnx: ${name} is float32 \\[.*\\]: ` +
          'stack needs a first size that varies',
      ),
    )
    await load([[model({ x }, { y })]])
  }
})

Deno.test('variants that give another type or rank under one name are refused', async () => {
  const of = (y: Made) => model({ x: ROWS }, { y })
  for (const other of [['int64', ROWS], ['N', 3, 1], ['N']] as const) {
    await rejects(
      load([[of(ROWS), of(other as unknown as Made)]]),
      /t0\.variants\.v1\.model: 0-1\.onnx: output y is .*, and float32 \[-1,3\] of v0: all variants/,
    )
  }
  // A size that is not the same in all varies.
  const { y } = answerOf(await load([[of(ROWS), of(['N', 4])]]), 't0') as { y: { shape: number[] } }
  deepEqual(y.shape, [-1, -1])
})

Deno.test('what a file says of its models, and cannot be, is refused with where it says it', async () => {
  const one = model({ x: ROWS }, { y: ROWS })
  const give = { give: { other: { tensors: { x: 'y' } } } }
  await rejects(load([[one], [one]], give), /t0\.give\.other: task other is not in next/)
  const half = { give: { t1: { tensors: {} } } }
  await rejects(
    load([[one], [one]], half),
    /t0\.give\.t1\.tensors\.x: is missing: t1 takes it, float32 \[-1,3\]/,
  )
  const single = model({ x: ROWS }, { y: [] })
  const rows = { give: { t1: { split: true, tensors: { x: 'y' } } } }
  await rejects(
    load([[single], [model({ x: ['N'] }, { y: ['N'] })]], rows),
    /t0\.give\.t1\.tensors\.x: is float32 \[\], a single number, and has no rows to split/,
  )
  const typical = (sizes: number[]) => ({ takes: { x: { shape: [-1, 3], typical: sizes } } })
  await load([[one]], typical([2, 3]))
  await rejects(
    load([[one]], typical([2, 4])),
    /t0\.takes\.x\.typical: must fit float32 \[-1,3\]: received \[2,4\]/,
  )
  const two = model({ x: ROWS, w: ROWS }, { y: ROWS })
  await rejects(load([[two]], { feed: { z: 'x' } }), /t0\.feed: 0-0\.onnx has no input z/)
  await load([[two]], { feed: { w: 'x' } })
  const answer = (step: object) => ({ answer: { y: { from: 'y', do: [step] } } })
  await rejects(load([[one]], answer({ reshape: [-1, -1] })), /at most one size may be -1/)
  for (const type of ['float16', 'float32']) {
    const halves = model({ x: ROWS }, { y: [type === 'float16' ? 'float32' : 'float16', ROWS] })
    await rejects(load([[halves]], answer({ type })), /float16 is not converted/)
  }
})
