/** A pipeline two of whose three tasks are programs of its author: it counts letters and vowels. */
import { onnxOf } from '../pipeline/onnx.ts'
import { tensorsTask } from './own_scene.ts'

export const pipeline = {
  ...{ schema: 'shoal-pipeline/1', name: 'letters', sloMs: 20_000, root: 'count' },
  tasks: {
    // Its program needs no model, the last one runs its own.
    count: {
      ...{ kind: 'code', stage: 'count.ts', next: ['double'] },
      takes: { codes: { type: 'uint8', shape: [-1] } },
      variants: { only: { accuracy: 1, referenceMs: 1 } },
    },
    double: tensorsTask({ only: { accuracy: 1, model: 'double.onnx', referenceMs: 1 } }, {
      next: ['say'],
      give: { say: { tensors: { twice: 'y' } } },
    }),
    say: {
      kind: 'code',
      variants: { only: { accuracy: 1, model: 'double.onnx', referenceMs: 1 } },
    },
  },
  output: { said: { each: 'say', with: ['text'] } },
}

export const files = {
  'pipeline.json': pipeline,
  'double.onnx': onnxOf({
    inputs: { x: ['N', 4] },
    outputs: { y: ['N', 4] },
    nodes: [{ op: 'Add', inputs: ['x', 'x'], outputs: ['y'] }],
  }),
  'vowels.ts': `export const VOWELS = 'aeiou'\n`,
  'count.ts': `
    import { packTensors, type Stage, unpackTensors } from 'shoal'
    import { VOWELS } from './vowels.ts'

    export default {
      run(items) {
        return Promise.resolve(items.map(({ meta, bytes }) => {
          const text = String.fromCharCode(...unpackTensors(meta, bytes)['codes']!.data as Uint8Array)
          if (text === '') return { ok: false, reason: 'invalid_input', message: 'no letters' }
          const vowels = [...text].filter((one) => VOWELS.includes(one)).length
          const data = Float32Array.of(text.length, vowels, 0, 0)
          const x = { type: 'float32', dims: [1, 4], data } as const
          return { ok: true, fields: {}, children: { double: [packTensors({ x })] } }
        }))
      },
      warmUp: () => [],
    } satisfies Stage
  `,
  'stage.ts': `
    import { type Stage, unpackTensors } from 'shoal'

    export default {
      async run(items, { model }) {
        const results = []
        for (const { meta, bytes } of items) {
          const { twice } = unpackTensors(meta, bytes)
          const { y } = await model.run({ x: twice! }, true)
          const [letters, vowels] = y!.data
          results.push({ ok: true as const, fields: { text: letters + ' ' + vowels }, children: {} })
        }
        return results
      },
      warmUp: () => [{ x: { type: 'float32', dims: [1, 4], data: new Float32Array(4) } }],
    } satisfies Stage
  `,
}

/** The body of a query. */
export const lettersRequest = (text: string): string =>
  JSON.stringify({
    inputs: [{
      ...{ name: 'codes', datatype: 'UINT8', shape: [text.length] },
      data: [...text].map((one) => one.charCodeAt(0)),
    }],
  })
