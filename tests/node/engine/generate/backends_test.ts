/** Each backend says what WebAssembly says: answers of several nodes can be held against each other. */
import { deepEqual } from 'node:assert/strict'
import { pathToFileURL } from 'node:url'
import { join } from 'node:path'
import { hasNativeEngine } from '../../../../src/cli/node/native_engine.ts'
import { HOME } from '../../../../src/cli/root.ts'
import { readAdapter } from '../../../../src/node/engine/adapter.ts'
import type { Backend } from '../../../../src/node/engine/engine.ts'
import { ORT_VERSION } from '../../../../src/node/engine/ort.ts'
import { createOrtModel } from '../../../../src/node/engine/ort_model.ts'
import { ofAll } from '../../../exhaustive.ts'
import { type Layout, madeDecoder } from './made_decoder.ts'
import { generated, scene, SLOT } from './scene.ts'

const hasNative = await hasNativeEngine()
const hasGpu = await readAdapter() !== undefined
const module = pathToFileURL(join(HOME, `native-${ORT_VERSION}`, 'ort.mjs')).href
const PROMPTS = ['a', 'what is this', 'the quick brown fox jumps over the lazy dog']
const LAYOUTS: Layout[] = [SLOT, { kind: 'cat' }, { kind: 'cat', isHalf: true }]

const name = (backend: string, layout: Layout, isHere: boolean) =>
  `${backend} says what WebAssembly says, ${JSON.stringify(layout)}` +
  (isHere ? '' : ` (skipped: no ${backend} here)`)

async function agrees(backend: Backend, layout: Layout): Promise<void> {
  const assets = { ort: { native: { module } } }
  const model = await createOrtModel(madeDecoder(layout), assets, { backend, threads: 1 })
  const answers: number[][][] = []
  for (const parts of [{}, { model, fillsUp: backend === 'webgpu' }]) {
    const { ask } = await scene({ layout, ...parts })
    answers.push(
      await Promise.all(
        PROMPTS.map(async (prompt, seed) =>
          generated(await ask(prompt, { ask: { temperature: 0.7, seed } })).ids
        ),
      ),
    )
  }
  deepEqual(answers[1], answers[0])
  await model.release()
}

for (const layout of LAYOUTS) {
  Deno.test({
    name: name('native', layout, hasNative),
    ignore: !hasNative,
    fn: () => agrees('native', layout),
  })
}

for (const layout of LAYOUTS.slice(0, 2)) {
  // On a processor a GPU's work takes long.
  Deno.test(ofAll({
    ...{ name: name('webgpu', layout, hasGpu), ignore: !hasGpu, sanitizeOps: false },
    ...{ sanitizeResources: false, fn: () => agrees('webgpu', layout) },
  }))
}
