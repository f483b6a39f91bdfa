/** Native code says what WebAssembly says: other nodes' answers can be held against each other. */
import { deepEqual } from 'node:assert/strict'
import { pathToFileURL } from 'node:url'
import { join } from 'node:path'
import { hasNativeEngine } from '../../../../src/cli/node/native_engine.ts'
import { HOME } from '../../../../src/cli/root.ts'
import { ORT_VERSION } from '../../../../src/node/engine/ort.ts'
import { createOrtModel } from '../../../../src/node/engine/ort_model.ts'
import { type Layout, madeDecoder } from './made_decoder.ts'
import { generated, scene, SLOT } from './scene.ts'

const isHere = await hasNativeEngine()
const why = isHere ? '' : ' (skipped: the native engine is not on this machine)'
const module = pathToFileURL(join(HOME, `native-${ORT_VERSION}`, 'ort.mjs')).href
const PROMPTS = ['a', 'what is this', 'the quick brown fox jumps over the lazy dog']

for (const layout of [SLOT, { kind: 'cat' }, { kind: 'cat', isHalf: true }] satisfies Layout[]) {
  Deno.test({
    name: `native says what WebAssembly says, ${JSON.stringify(layout)}${why}`,
    ignore: !isHere,
    async fn() {
      const native = await createOrtModel(madeDecoder(layout), { ort: { native: { module } } }, {
        ...{ backend: 'native', threads: 1 },
      })
      const answers = await Promise.all([{}, { model: native }].map(async (model) => {
        const { ask } = await scene({ layout, ...model })
        return await Promise.all(
          PROMPTS.map(async (prompt, seed) =>
            generated(await ask(prompt, { ask: { temperature: 0.7, seed } })).ids
          ),
        )
      }))
      deepEqual(answers[1], answers[0])
      await native.release()
    },
  })
}
