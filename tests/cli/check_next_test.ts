/** Tasks that can do nothing with what comes to them are refused when the file is read. */
import { ok, rejects } from 'node:assert/strict'
import { loadPipeline } from '../../src/cli/pipelines/load.ts'
import { onnxOf } from '../pipeline/onnx.ts'
import { type Files, inFolder } from './own_scene.ts'

const model = (x: (number | string)[], y: (number | string)[]) =>
  onnxOf({ inputs: { x }, outputs: { y }, nodes: [] })

const files: Files = {
  'tell.onnx': model(['N', 3, 4, 8], ['N', 2]),
  'find.onnx': model(['N', 3, 4, 8], ['N', 6, 'B']),
  'lines.onnx': model(['N', 3, 'H', 'W'], ['N', 1, 'H', 'W']),
  'read.onnx': model(['N', 3, 4, 8], ['N', 'T', 96]),
  'sums.onnx': model(['N', 3], ['N', 3]),
  'stage.ts': 'export default { run: () => Promise.resolve([]), warmUp: () => [] }',
}

const variants = (model: string) => ({
  variants: { only: { accuracy: 1, model, input: { height: 4, width: 8 } } },
})
const labels = ['a', 'b']
const tasks: { [task: string]: object } = {
  tell: { kind: 'image-classification', labels, ...variants('tell.onnx') },
  find: { kind: 'object-detection', labels, boxes: { format: 'yolo' }, ...variants('find.onnx') },
  lines: { kind: 'text-detection', ...variants('lines.onnx') },
  read: { kind: 'text-recognition', ...variants('read.onnx') },
  sums: { kind: 'tensors', variants: { only: { accuracy: 1, model: 'sums.onnx' } } },
  code: { kind: 'code', variants: { only: { accuracy: 1 } } },
}

/** One after the other, as these names say. */
const load = (chain: string[], more: object = {}) => {
  const made = Object.fromEntries(chain.map((name, i) => [
    name,
    { ...tasks[name], next: chain.slice(i + 1, i + 2), ...i === 0 ? more : {} },
  ]))
  const output = { all: { each: chain.at(-1), with: ['any'] } }
  const file = {
    ...{ schema: 'shoal-pipeline/1', name: 'own', sloMs: 1000, root: chain[0], tasks: made },
    ...chain.includes('code') ? { output } : {},
  }
  return inFolder({ ...files, 'pipeline.json': file }, async (dir) => {
    await loadPipeline(dir, () => {})
  })
}

Deno.test('tasks follow each other where one takes what the other hands on', async () => {
  for (
    const chain of [
      ['find', 'lines', 'tell', 'read'],
      ['tell', 'find'],
      ['find', 'code', 'sums'],
      ['sums', 'code', 'tell'],
    ]
  ) await load(chain)
})

Deno.test('tasks that cannot follow each other are refused, with what each takes and hands on', async () => {
  for (
    const [chain, fault] of [
      [['find', 'sums'], 'sums cannot follow: kind tensors takes tensors, kind object-detection'],
      [['tell', 'sums'], 'kind image-classification hands on pictures'],
      [['lines', 'sums'], 'kind text-detection hands on pictures'],
      [['sums', 'tell'], 'kind image-classification takes pictures, kind tensors hands on tensors'],
      [['read', 'tell'], 'tell cannot follow: kind text-recognition hands on nothing'],
      [['read', 'code'], 'code cannot follow: kind text-recognition hands on nothing'],
    ] as const
  ) {
    await rejects(load([...chain]), ({ message }: Error) => {
      ok(message.includes(`tasks.${chain[0]}.next.0: `), message)
      ok(message.includes(fault), message)
      return true
    })
  }
})

Deno.test('a query cannot bring tensors to a task of pictures', async () => {
  await rejects(
    load(['tell'], { takes: { x: { shape: [-1, 3] } } }),
    /tasks\.tell\.takes: must not be there: kind image-classification takes pictures/,
  )
})
