/** The client asks a pipeline of tensors, through a real node. */
import { deepEqual, equal, match } from 'node:assert/strict'
import { createClient, type TensorOutput } from '../../src/client/mod.ts'
import { inFolder, oneModel, withServing } from '../cli/own_scene.ts'
import { failure } from './scene.ts'

type Outputs = { only: { y: TensorOutput }[] }

Deno.test('infer() sends tensors, from lists and from typed arrays', () =>
  inFolder(oneModel, (dir) =>
    withServing(dir, 1, async ({ url }) => {
      const shoal = createClient(url)
      const x = { name: 'x', datatype: 'FP32', shape: [2, 2] } as const
      for (const data of [[1, 2, 3, 4.5], Float32Array.of(1, 2, 3, 4.5)]) {
        const { outputs } = await shoal.infer<Outputs>('own', { inputs: [{ ...x, data }] })
        deepEqual(outputs.only[0]?.y, { datatype: 'FP32', shape: [2, 2], data: [-1, -2, -3, -4.5] })
      }
      const wrong = { ...x, shape: [1, 3], data: [1, 2, 3] }
      const error = await failure(shoal.infer('own', { inputs: [wrong] }))
      deepEqual([error.status, error.reason], [400, 'invalid_input'])
      match(error.message, /expected FP32 \[-1,2\], received FP32 \[1,3\]/)
    })))

Deno.test('request() makes calls that have no method of their own', () =>
  inFolder(oneModel, (dir) =>
    withServing(dir, 0, async ({ url }) => {
      let echoed: string | null = null
      const shoal = createClient(url, {
        headers: { traceparent: '00-1-2-01' },
        async fetch(...call) {
          const response = await fetch(...call)
          echoed = response.headers.get('traceparent')
          return response
        },
      })
      const model = await shoal.request<{ inputs: unknown[] }>('GET', '/v2/models/own')
      equal(model.inputs.length, 1)
      equal(echoed, '00-1-2-01')
    })))
