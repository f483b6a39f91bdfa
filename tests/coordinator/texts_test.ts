/** Texts on their way from a node's link to whoever asked, over real sockets. */
import assert from 'node:assert/strict'
import OpenAI from 'openai'
import type { Generated } from '../../src/pipeline/generate.ts'
import { checkPipeline } from '../../src/pipeline/parse.ts'
import {
  type Batch,
  joinScripted,
  PATIENT,
  type ScriptedNode,
  untilReady,
  withCoordinator,
} from './fixture.ts'

const pipeline = checkPipeline({
  ...{ schema: 'shoal-pipeline/1', name: 'scribe', sloMs: 5000, root: 'tell' },
  tasks: {
    tell: { kind: 'generate', context: 64, variants: { only: { accuracy: 0.9, referenceMs: 1 } } },
  },
  output: { said: { each: 'tell', with: ['text', 'finish'] } },
}, 'scribe')

const options = { pipelines: [{ dir: '', pipeline, models: {} }] }
const result = (text: string) =>
  ({
    ...{ text, ids: [...text].map((_, i) => i), finish: 'stop' as const },
    ...{ promptTokens: 2, completionTokens: text.length },
  }) satisfies Generated

/** Says more of the first item of a batch. */
function say(node: ScriptedNode, { message: { batch } }: Batch, before: string, more: string) {
  const ids = [...more].map((_, i) => before.length + i)
  const said = { item: 0, from: before.length, ids, at: before.length, text: more }
  node.send({ type: 'said', batch, items: [said] })
}

function end(node: ScriptedNode, { message: { batch } }: Batch, text: string) {
  node.send({
    ...{ type: 'result', batch, queueMs: 0, computeMs: 1, elapsedMs: 1 },
    items: [{ ok: true, fields: result(text), children: {} }],
  })
}

const chat = (url: string, signal?: AbortSignal) =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 }).chat.completions.create({
    ...{ model: 'scribe', messages: [{ role: 'user', content: 'Go' }], stream: true },
  }, { headers: PATIENT, signal: signal ?? null })

Deno.test('a chat has what a node said so far before the node has said all', () =>
  withCoordinator(
    async (coordinator) => {
      const batches: Batch[] = []
      const node = await joinScripted(coordinator, 'one', (batch) => void batches.push(batch))
      await untilReady(coordinator)
      const asked = chat(coordinator.url)
      await node.got('batch')
      say(node, batches[0]!, '', 'one ')
      let text = ''
      for await (const { choices } of await asked) {
        text += choices[0]?.delta.content ?? ''
        if (text === 'one ') say(node, batches[0]!, 'one ', 'two ')
        if (text === 'one two ') end(node, batches[0]!, 'one two three')
      }
      assert.equal(text, 'one two three')
    },
    undefined,
    options,
  ))

Deno.test('whoever leaves a chat has the node told to stop', () =>
  withCoordinator(
    async (coordinator) => {
      const batches: Batch[] = []
      const node = await joinScripted(coordinator, 'one', (batch) => void batches.push(batch))
      await untilReady(coordinator)
      const asked = chat(coordinator.url)
      await node.got('batch')
      say(node, batches[0]!, '', 'one ')
      for await (const { choices } of await asked) if (choices[0]?.delta.content === 'one ') break
      await node.got('cancel')
      while (coordinator.pool.queriesInFlight() > 0) {
        await new Promise((done) => setTimeout(done, 1))
      }
    },
    undefined,
    options,
  ))

Deno.test('a chat that waits for its first token is cancelled when its client hangs up', () =>
  withCoordinator(
    async (coordinator) => {
      const node = await joinScripted(coordinator, 'one', () => undefined)
      await untilReady(coordinator)
      const leaving = new AbortController()
      const asked = chat(coordinator.url, leaving.signal)
      await node.got('batch')
      leaving.abort()
      await assert.rejects(asked, OpenAI.APIUserAbortError)
      await node.got('cancel')
    },
    undefined,
    options,
  ))
