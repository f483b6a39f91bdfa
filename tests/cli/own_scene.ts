/** A pipeline's folder made for a test: its file and its models, gone when the test is over. */
import { join } from 'node:path'
import { type Serving, startServing } from '../../src/cli/serve/serving.ts'
import type { CoordinatorOptions } from '../../src/cli/serve/coordinator.ts'
import { onnxOf } from '../pipeline/onnx.ts'

export type Files = { [name: string]: Uint8Array | string | object }

export async function writeFiles(dir: string, files: Files): Promise<void> {
  await Deno.mkdir(dir, { recursive: true })
  for (const [name, content] of Object.entries(files)) {
    const file = join(dir, name)
    await Deno.mkdir(join(file, '..'), { recursive: true })
    if (content instanceof Uint8Array) await Deno.writeFile(file, content)
    else {
      const text = typeof content === 'string' ? content : JSON.stringify(content, null, 2)
      await Deno.writeTextFile(file, text)
    }
  }
}

/** The folder, and a cache of its own, so that the project's stays as it is. */
export async function inFolder(
  files: Files,
  work: (dir: string) => Promise<void>,
): Promise<void> {
  const top = await Deno.makeTempDir()
  const before = Deno.env.get('SHOAL_CACHE')
  Deno.env.set('SHOAL_CACHE', join(top, 'cache'))
  try {
    const dir = join(top, 'own')
    await writeFiles(dir, files)
    await work(dir)
  } finally {
    if (before === undefined) Deno.env.delete('SHOAL_CACHE')
    else Deno.env.set('SHOAL_CACHE', before)
    await Deno.remove(top, { recursive: true })
  }
}

/** A coordinator that serves the folder, and so many Deno nodes in processes of their own. */
export async function withServing(
  dir: string,
  nodes: number,
  work: (serving: Serving) => Promise<void>,
  options: Omit<CoordinatorOptions, 'pipelines'> = {},
): Promise<void> {
  const serving = await startServing([dir], options)
  try {
    await Promise.all(Array.from({ length: nodes }, (_, i) => serving.addNode(`node-${i + 1}`)))
    await work(serving)
  } finally {
    await serving.end()
  }
}

export const tensorsTask = (variants: object, rest: object = {}) => ({
  kind: 'tensors',
  variants,
  ...rest,
})

/** y is what the operation makes of each of the two numbers of x. */
export const ofEach = (op: string): Uint8Array =>
  onnxOf({
    inputs: { x: ['N', 2] },
    outputs: { y: ['N', 2] },
    nodes: [{ op, inputs: ['x'], outputs: ['y'] }],
  })

/** A pipeline `own` of one such model, which takes the opposite. */
export const oneModel: Files = {
  'pipeline.json': {
    ...{ schema: 'shoal-pipeline/1', name: 'own', sloMs: 20_000, root: 'only' },
    tasks: { only: tensorsTask({ a: { accuracy: 1, model: 'a.onnx', referenceMs: 1 } }) },
  },
  'a.onnx': ofEach('Neg'),
}
