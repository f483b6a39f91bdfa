/** Documents that a node gave up: given to no other, held against no node, and their caller is slowed. */
import assert from 'node:assert/strict'
import { COSTLY } from '../../src/coordinator/pool/costly/params.ts'
import { createTurns } from '../../src/coordinator/pool/costly/turns.ts'
import { dataUri, DOCUMENTS, pdf, reader, withOcr } from '../conformance/ocr_scene.ts'
import { type Behaviour, joinScripted } from './fixture.ts'

const isPoison = (bytes: Uint8Array) => new TextDecoder().decode(bytes).startsWith('%PDF-666')

const givesUp: Behaviour = (batch) =>
  batch.blobs.some(isPoison)
    ? {
      items: batch.message.items.map(() => ({
        ...{ ok: false, reason: 'too_large', gaveUp: true },
        message: 'Cannot draw page 1: it takes longer than 5 s',
      })),
    }
    : reader(batch)

Deno.test('a document that a node gave up is given to no other, and told of at once the next time', () =>
  withOcr(
    async ({ url, coordinator, node }) => {
      const other = await joinScripted(coordinator, 'other', givesUp)
      const ask = async (bytes: Uint8Array<ArrayBuffer>) => {
        const document = {
          ...{ type: 'document_url', document_url: dataUri(bytes, 'application/pdf') },
        }
        const response = await fetch(`${url}/v1/ocr`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ model: null, document }),
        })
        return [response.status, (await response.json()).message]
      }
      const sent = () => [...node.batches, ...other.batches].flatMap(({ blobs }) => blobs)
      const trust = () => coordinator.pool.nodes().map(({ id, trust }) => [id, trust])
      const before = trust()
      for (let i = 0; i < 2; i++) {
        const [status, error] = await ask(pdf(1, 666))
        assert.deepEqual([status, error], [413, 'Cannot draw page 1: it takes longer than 5 s'])
      }
      assert.equal(sent().filter(isPoison).length, 1)
      assert.deepEqual(trust(), before)
      assert.equal((await ask(pdf(2)))[0], 200)
    },
    [DOCUMENTS],
    {},
    givesUp,
  ))

Deno.test('callers have a few documents inside for each slot; who had one given up rests, then has one', () => {
  let nowMs = 0
  const timers: [number, () => void][] = []
  const turns = createTurns({
    now: () => nowMs,
    at: (atMs, action) => void timers.push([atMs, action]),
    slots: () => 3,
  })
  const until = (atMs: number) => {
    nowMs = atMs
    for (const [dueMs, action] of timers) if (dueMs <= nowMs) action()
  }
  const inside = { bad: 0, good: 0 }
  const enter = (caller: 'bad' | 'good') => turns.enter(caller, () => inside[caller]++)
  const stays = Array.from({ length: 20 }, () => enter('bad'))
  assert.equal(inside.bad, 3 * COSTLY.perSlot)
  assert.equal(turns.may('bad'), false)
  assert.equal(turns.isFull('bad'), false)
  const more = Array.from({ length: COSTLY.waiting }, () => enter('bad'))
  assert.equal(turns.isFull('bad'), true)
  assert.equal(turns.isFull('good'), false)
  more.forEach((leave) => leave())
  enter('good')
  assert.equal(inside.good, 1, 'others are not slowed')

  // One bad page costs no wait, another one soon after it does.
  turns.gaveUp('bad', 5000)
  assert.equal(turns.may('stranger'), true)
  turns.gaveUp('bad', 5000)
  stays.slice(0, inside.bad).forEach((leave) => leave())
  assert.equal(inside.bad, 3 * COSTLY.perSlot, 'it rests')
  enter('good')
  assert.equal(inside.good, 2)
  until(5000 * COSTLY.rest)
  assert.equal(inside.bad, 3 * COSTLY.perSlot + 1, 'then one at a time')
  stays[6]!()
  assert.equal(inside.bad, 3 * COSTLY.perSlot + 2)
  // One that waits may leave, too.
  stays[8]!()
  until(5000 * COSTLY.rest + COSTLY.carefulMs)
  assert.equal(inside.bad, 2 * 3 * COSTLY.perSlot + 1, 'and all as before in the end')
})
