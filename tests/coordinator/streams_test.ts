/** Answers that go on behind what was said, whatever becomes of the node that said it. */
import assert from 'node:assert/strict'
import { readEvents } from '../../src/client/events.ts'
import type { Coordinator } from '../../src/cli/serve/coordinator.ts'
import { createOwnToken, trustOptions } from '../../src/cli/serve/trust.ts'
import { checkPipeline } from '../../src/pipeline/parse.ts'
import {
  ask,
  type Batch,
  type Behaviour,
  honest,
  joinScripted,
  PATIENT,
  pipeline as words,
  type ScriptedNode,
  withCoordinator,
} from './fixture.ts'

const pipeline = checkPipeline({
  ...{ schema: 'shoal-pipeline/1', name: 'scribe', sloMs: 5000, root: 'tell' },
  tasks: {
    tell: { kind: 'generate', context: 64, variants: { only: { accuracy: 0.9, referenceMs: 1 } } },
  },
  output: { said: { each: 'tell', with: ['text'], only: true } },
}, 'scribe')

const loaded = { dir: '', pipeline, models: {} }

type Event = { event: string; data: { text: string; reason?: string; outputs?: unknown } }

/** Tokens are letters, as their codes. */
const idsOf = (text: string) => [...text].map((letter) => letter.codePointAt(0)!)

interface Speaker extends ScriptedNode {
  /** The next batch that comes to it. */
  next(): Promise<Batch['message']>
  say(batch: number, before: string, more: string): void
  end(batch: number, text: string): void
}

async function join(
  coordinator: Coordinator,
  name: string,
  hello: Parameters<typeof joinScripted>[3] = {},
): Promise<Speaker> {
  const come: Batch['message'][] = []
  let wake = () => {}
  const node = await joinScripted(coordinator, name, ({ message }) => {
    come.push(message)
    wake()
    return undefined
  }, hello)
  await node.got('load')
  return {
    ...node,
    async next() {
      while (come.length === 0) await new Promise<void>((done) => wake = done)
      return come.shift()!
    },
    say(batch, before, more) {
      const at = before.length
      const items = [{ item: 0, from: at, ids: idsOf(more), at, text: more }]
      node.send({ type: 'said', batch, items })
    },
    end(batch, text) {
      const fields = {
        ...{ text, ids: idsOf(text), finish: 'stop' },
        ...{ promptTokens: 2, completionTokens: text.length },
      }
      node.send({
        ...{ type: 'result', batch, queueMs: 0, computeMs: 1, elapsedMs: 1 },
        items: [{ ok: true, fields, children: {} }],
      })
    },
  }
}

/** A stream as its client hears it: `until` waits until so much was said. */
function listen({ url }: Coordinator, headers: { [name: string]: string } = PATIENT) {
  let text = ''
  let wake = () => {}
  const events: Event[] = []
  const read = async () => {
    const response = await fetch(`${url}/v1/pipelines/scribe/infer`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain', accept: 'text/event-stream', ...headers },
      body: 'Go',
    })
    if (!response.ok) return await response.json()
    for await (const one of readEvents<Event>(response.body!, (next) => next)) {
      if (one.event === 'text') text += one.data.text
      else events.push(one)
      wake()
    }
    return undefined
  }
  return {
    done: read().then((refused) => ({ text, events, refused })),
    async until(whole: string) {
      while (text !== whole) await new Promise<void>((done) => wake = done)
    },
  }
}

const scene = (
  play: (coordinator: Coordinator) => Promise<void>,
  more: Parameters<typeof withCoordinator>[2] = {},
) => withCoordinator(play, undefined, { pipelines: [loaded], ...more })

Deno.test('Where a node is lost another goes on behind what was said, and nothing is said twice', () =>
  scene(async (coordinator) => {
    const first = await join(coordinator, 'first')
    const heard = listen(coordinator)
    const lost = await first.next()
    first.say(lost.batch, '', 'one ')
    first.say(lost.batch, 'one ', 'two ')
    await heard.until('one two ')
    const second = await join(coordinator, 'second')
    await first.leave()
    const batch = await second.next()
    assert.deepEqual(batch.items[0]!.meta['said'], idsOf('one two '))
    second.say(batch.batch, 'one two ', 'three ')
    await heard.until('one two three ')
    second.end(batch.batch, 'one two three four')
    const { text, events } = await heard.done
    assert.equal(text, 'one two three four')
    assert.deepEqual(events.map(({ event, data }) => [event, data.outputs]), [
      ['answer', { said: 'one two three four' }],
    ])
  }))

Deno.test('A node that says again what was said is heard from there on', () =>
  scene(async (coordinator) => {
    const node = await join(coordinator, 'node')
    const heard = listen(coordinator)
    const { batch } = await node.next()
    node.say(batch, '', 'one ')
    node.say(batch, '', 'one two ')
    await heard.until('one two ')
    node.end(batch, 'one two ')
    assert.equal((await heard.done).text, 'one two ')
  }))

const CANNOT_BE: { [what: string]: { at: number; ids: number[]; text: string } } = {
  'What does not follow what was said': { at: 8, ids: idsOf('three '), text: 'three ' },
  'More text than a context has tokens for': { at: 4, ids: [1], text: 'x'.repeat(100_000) },
}

for (const [what, { at, ids, text }] of Object.entries(CANNOT_BE)) {
  Deno.test(`${what} is not heard, and its node has lost the batch`, () =>
    scene(async (coordinator) => {
      const node = await join(coordinator, 'node')
      const heard = listen(coordinator)
      const { batch } = await node.next()
      node.say(batch, '', 'one ')
      await heard.until('one ')
      node.send({ type: 'said', batch, items: [{ item: 0, from: at, ids, at, text }] })
      await node.got('cancel')
      const again = await node.next()
      node.end(again.batch, 'one two three')
      assert.equal((await heard.done).text, 'one two three')
    }))
}

Deno.test('An answer that is another than what was said of it ends the stream with an error', () =>
  scene(async (coordinator) => {
    const node = await join(coordinator, 'node')
    const heard = listen(coordinator)
    const { batch } = await node.next()
    node.say(batch, '', 'one ')
    await heard.until('one ')
    node.end(batch, 'two three')
    const { text, events } = await heard.done
    assert.equal(text, 'one ')
    assert.deepEqual(events.map(({ event, data }) => [event, data.reason]), [
      ['error', 'node_failed'],
    ])
  }))

Deno.test('A node that says nothing for long has lost the batch', () =>
  scene(async (coordinator) => {
    const silent = await join(coordinator, 'silent')
    const heard = listen(coordinator, { 'x-request-timeout-ms': '60000' })
    await silent.next()
    const other = await join(coordinator, 'other')
    await silent.got('cancel')
    const { batch } = await Promise.race([other.next(), silent.next()])
    for (const node of [silent, other]) node.end(batch, 'one')
    assert.equal((await heard.done).text, 'one')
  }))

Deno.test('Whoever does again what was drawn by lot draws the same', () =>
  scene(async (coordinator) => {
    const first = await join(coordinator, 'first')
    const answer = fetch(`${coordinator.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...PATIENT },
      body: JSON.stringify({
        ...{ model: 'scribe', temperature: 1, messages: [{ role: 'user', content: 'Go' }] },
      }),
    })
    const seedOf = ({ items }: Batch['message']) =>
      (items[0]!.meta['ask'] as { seed?: number }).seed
    const lost = seedOf(await first.next())
    assert.equal(typeof lost, 'number')
    const second = await join(coordinator, 'second')
    await first.leave()
    const batch = await second.next()
    assert.equal(seedOf(batch), lost)
    second.end(batch.batch, 'one')
    assert.equal((await (await answer).json()).choices[0].message.content, 'one')
  }))

Deno.test('Of a node that has to be checked nothing is heard before its answer is confirmed', async () => {
  const own = createOwnToken()
  await scene(async (coordinator) => {
    const ours = await join(coordinator, 'ours', { token: own.token })
    const stranger = await join(coordinator, 'stranger')
    const over = new AbortController()
    const isOver = new Promise<void>((done) => over.signal.addEventListener('abort', () => done()))
    const lies: string[] = []
    const work = async (node: Speaker, text: string) => {
      for (;;) {
        const message = await Promise.race([node.next(), isOver])
        if (message === undefined) return
        node.say(message.batch, '', text)
        node.end(message.batch, text)
        if (node === stranger) lies.push(text)
      }
    }
    const working = [work(ours, 'one two'), work(stranger, 'a lie')]
    // Newcomers are asked what the answer is known of, and queries beside others.
    while (lies.length === 0 || coordinator.pool.queriesInFlight() > 0) {
      assert.equal((await listen(coordinator).done).text, 'one two')
    }
    over.abort()
    await Promise.all(working)
  }, { trust: await trustOptions([loaded]), isOwn: own.isOwn })
})

/** Honest at `words`, which reads the same everywhere; `scribe` says this. */
const saying = (text: string): Behaviour => (batch) => {
  const { task, items } = batch.message
  if (task === 'find') return honest(batch)
  const told = { text, ids: idsOf(text), finish: 'stop', promptTokens: 2 }
  const fields = task === 'read' ? { text: 'true' } : { ...told, completionTokens: text.length }
  return { items: items.map(() => ({ ok: true, fields, children: {} })) }
}

Deno.test('Of a node that earned trust at another pipeline nothing is heard unconfirmed', async () => {
  const auditor = createOwnToken()
  const pipelines = [{ dir: '', pipeline: words, models: {} }, loaded]
  // Nobody is asked anything that no client asked.
  const trust = { ...await trustOptions(pipelines), question: () => undefined }
  await withCoordinator(
    async (coordinator) => {
      await joinScripted(coordinator, 'auditor', saying('one two'), { token: auditor.token })
      const node = await joinScripted(coordinator, 'node', (batch) => {
        const { message: { batch: id, pipeline } } = batch
        const items = [{ item: 0, from: 0, ids: idsOf('a lie'), at: 0, text: 'a lie' }]
        if (pipeline === 'scribe') node.send({ type: 'said', batch: id, items })
        return saying('a lie')(batch)
      })
      await node.got('load', ({ instances }) => instances.some((one) => one.pipeline === 'scribe'))
      while (coordinator.pool.nodes()[0]!.trust === 0) await (await ask(coordinator)).body?.cancel()
      assert.equal((await listen(coordinator).done).text, 'one two')
    },
    undefined,
    { pipelines, trust, isAuditor: auditor.isOwn },
  )
})
