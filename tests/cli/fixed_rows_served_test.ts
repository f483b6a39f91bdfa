/** Models that take one item at a time, as exporters write them unless told otherwise. */
import { deepEqual } from 'node:assert/strict'
import { palettePng } from '../../src/cli/palette_png.ts'
import { onnxOf } from '../pipeline/onnx.ts'
import { type Files, inFolder, withServing } from './own_scene.ts'

const PICTURES = 24

/** Two grey pixels are the scores of two labels. */
const brighter = onnxOf({
  inputs: { x: [1, 1, 1, 2] },
  outputs: { scores: [1, 2] },
  nodes: [{ op: 'Flatten', inputs: ['x'], outputs: ['scores'] }],
})

const files: Files = {
  'pipeline.json': {
    ...{ schema: 'shoal-pipeline/1', name: 'own', sloMs: 20_000, root: 'tell' },
    output: { told: { each: 'tell', with: ['label'] } },
    tasks: {
      tell: {
        kind: 'image-classification',
        labels: ['left', 'right'],
        input: { height: 1, width: 2, colour: 'grey' },
        variants: { only: { accuracy: 1, model: 'brighter.onnx', referenceMs: 1 } },
      },
    },
  },
  'brighter.onnx': brighter,
}

const png = (right: boolean) => {
  const [light, dark] = [[250, 250, 250, 255], [5, 5, 5, 255]] as const
  const data = Uint8ClampedArray.from(right ? [...dark, ...light] : [...light, ...dark])
  return palettePng({ width: 2, height: 1, data })
}

Deno.test('a model of a fixed number of items is served', async () => {
  const pictures = [await png(false), await png(true)]
  await inFolder(files, (dir) =>
    withServing(dir, 1, async ({ url }) => {
      const answers = await Promise.all(Array.from({ length: PICTURES }, async (_, i) => {
        const response = await fetch(`${url}/v1/pipelines/own/infer`, {
          method: 'POST',
          headers: { 'content-type': 'image/png' },
          body: pictures[i % 2]! as Uint8Array<ArrayBuffer>,
        })
        const { outputs } = await response.json()
        return outputs?.told?.[0]?.label
      }))
      deepEqual(answers, Array.from({ length: PICTURES }, (_, i) => i % 2 ? 'right' : 'left'))
    }))
})
