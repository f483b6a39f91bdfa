/** Items of one query gathered for the task behind them, over real links. */
import assert from 'node:assert/strict'
import { checkPipeline } from '../../src/pipeline/parse.ts'
import {
  ask,
  type Behaviour,
  honest,
  joinScripted,
  untilReady,
  withCoordinator,
} from './fixture.ts'

const pipeline = checkPipeline({
  ...{ schema: 'shoal-pipeline/1', name: 'words', sloMs: 5000, root: 'find' },
  tasks: {
    find: { next: ['read'], variants: { only: { accuracy: 1, fanOut: { read: 2 } } } },
    read: { next: ['sum'], variants: { only: { accuracy: 1, fanOut: { sum: 0.5 } } } },
    sum: { kind: 'generate', gather: true, context: 64, variants: { only: { accuracy: 1 } } },
  },
  output: {
    words: { each: 'read', with: ['text'] },
    sum: { each: 'sum', with: ['text'], only: true },
  },
}, 'fixture')

const options = { pipelines: [{ dir: '', pipeline, models: {} }] }

Deno.test('A task that gathers gets the fields of all items before it, with what was said of them', async () => {
  const metas: unknown[] = []
  const behave: Behaviour = (batch) => {
    if (batch.message.task !== 'sum') return honest(batch)
    metas.push(...batch.message.items.map(({ meta }) => meta))
    const fields = { text: 'both', ids: [1], finish: 'stop', promptTokens: 1, completionTokens: 1 }
    return { items: batch.message.items.map(() => ({ ok: true as const, fields, children: {} })) }
  }
  await withCoordinator(
    async (coordinator) => {
      await joinScripted(coordinator, 'node', behave)
      await untilReady(coordinator)
      const { outputs } = await (await ask(coordinator)).json()
      assert.deepEqual(metas, [{
        gathered: [{ box: [0, 0], text: 'word kept 1/0/0' }, {
          box: [1, 1],
          text: 'word kept 1/0/1',
        }],
      }])
      assert.equal(outputs.words.length, 2)
      assert.equal(outputs.sum, 'both')
    },
    undefined,
    options,
  )
})

Deno.test('Where nothing was found what is made of all of it is null', async () => {
  const nothing: Behaviour = ({ message }) => ({
    items: message.items.map(() => ({ ok: true as const, fields: null, children: { read: [] } })),
  })
  await withCoordinator(
    async (coordinator) => {
      await joinScripted(coordinator, 'node', nothing)
      await untilReady(coordinator)
      assert.deepEqual((await (await ask(coordinator)).json()).outputs, { words: [], sum: null })
    },
    undefined,
    options,
  )
})
