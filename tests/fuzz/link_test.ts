/** Nodes that say anything: their link ends or goes on, and nobody else is worse off. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Coordinator } from '../../src/cli/serve/coordinator.ts'
import { encodeMessage, type NodeMessage, PROTOCOL_VERSION } from '../../src/protocol/mod.ts'
import {
  ask,
  honest,
  joinScripted,
  openLink,
  untilHolds,
  untilReady,
  withCoordinator,
} from '../coordinator/fixture.ts'
import { altered, anyJson, damaged, runs } from './fuzz.ts'

const ref = { pipeline: 'words', task: 'find', variant: 'fast' }
const times = { queueMs: 0, computeMs: 1, elapsedMs: 1 }
const item = { ok: true as const, fields: { text: 'a' }, children: {} }
const MESSAGES: NodeMessage[] = [
  { type: 'hello', protocol: PROTOCOL_VERSION, nodeId: 'other', epoch: 1, slots: 2 },
  { type: 'ready', loadMs: 1, slot: 0, ...ref },
  { type: 'load_failed', message: 'no', slot: 0, ...ref },
  { type: 'report', paused: true, slots: 3, pausedBy: 'hidden' },
  { type: 'scaled', slots: 2, duty: 0.5, threads: 1 },
  { type: 'report', profile: [{ ...ref, points: [{ batch: 1, latencyMs: 2 }] }] },
  { type: 'report', progress: { label: 'x', done: 1, total: 2 }, backend: 'webgpu' },
  { type: 'result', batch: 1, ...times, items: [item] },
  { type: 'batch_failed', batch: 1, message: 'x' },
  { type: 'pong', n: 1 },
]
const CODES = [1000, 1001, 1007, 1009, 1013, 4401, 4409, 4426]

const anything = fc.oneof(
  ...MESSAGES.map((message) => altered(message).map((json) => JSON.stringify(json) ?? '')),
  fc.constantFrom(...MESSAGES.map((message) => JSON.stringify(message))),
  anyJson.map((json) => JSON.stringify(json) ?? ''),
  damaged(
    encodeMessage({ type: 'result', batch: 1, ...times, items: [item] }, [new Uint8Array(9)])
      .map((data) => new Uint8Array(data as ArrayBuffer)),
  ),
)

let epoch = 0

/** Opens a link, says it all, and leaves; the end must be one that the protocol knows. */
async function say(
  coordinator: Coordinator,
  words: (string | Uint8Array<ArrayBuffer>)[],
  joined: boolean,
  serial: number,
): Promise<number> {
  const node = await openLink(coordinator, honest)
  if (joined) {
    epoch++
    node.send({ type: 'hello', protocol: PROTOCOL_VERSION, nodeId: `fuzz-${serial}`, epoch })
    await node.got('welcome')
  }
  for (const word of words) {
    if (node.socket.readyState === WebSocket.OPEN) node.socket.send(word)
  }
  node.socket.close(1000)
  const { code } = await node.closed
  // 1005, 1006: it was us who closed, and no word of the other side came before.
  assert.ok([...CODES, 1005, 1006].includes(code), String(code))
  return code
}

/** Links at a time: what takes long is to open and to close them. */
const SEVERAL = { minLength: 8, maxLength: 8 }

/** @param common an end that some of many must have come to */
const withFuzzed = (joined: boolean, share: number, common: number) => {
  const seen = new Set<number>()
  const faults: string[] = []
  return withCoordinator(
    async (coordinator) => {
      await joinScripted(coordinator, 'good')
      await untilReady(coordinator)
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(anything, { minLength: 1, maxLength: 5 }), SEVERAL),
          async (several) => {
            const ends = several.map((words, i) => say(coordinator, words, joined, i))
            for (const code of await Promise.all(ends)) seen.add(code)
          },
        ),
        runs(share / SEVERAL.maxLength),
      )
      assert.ok(seen.has(common), String([...seen]))
      await untilHolds(coordinator, 'good', 4)
      const response = await ask(coordinator)
      assert.equal(response.status, 200, await response.text())
      assert.deepEqual(faults, [])
    },
    undefined,
    { log: (line, level) => void (level === 'error' && faults.push(line)) },
  )
}

Deno.test('link: any first words end it as the protocol says', () => withFuzzed(false, 0.02, 4401))

Deno.test('link: any words of a node that joined harm nobody', () => withFuzzed(true, 0.03, 1007))

Deno.test('link: any answer to a batch is an answer to its client by the deadline', () => {
  const faults: string[] = []
  const child = { meta: { box: [1, 2] }, blob: 0, key: 'k' }
  const results = [
    { items: [{ ok: true, fields: null, children: { read: [child, child] } }] },
    { items: [{ ok: true, fields: { text: 'a', confidence: 1 }, children: {} }] },
    { items: [{ ok: false, reason: 'invalid_input', message: 'no' }] },
  ]
  const blobs = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 3 })
  const seen = new Set<number>()
  return withCoordinator(
    async (coordinator) => {
      await fc.assert(
        fc.asyncProperty(fc.oneof(...results.map(altered)), blobs, async (answer, blobs) => {
          const node = await joinScripted(coordinator, 'odd', ({ message }) => {
            const more = typeof answer === 'object' && answer !== null ? answer : { items: answer }
            // Sent as it is, whatever it is.
            const said = { type: 'result', batch: message.batch, ...times, ...more }
            for (const data of encodeMessage(said as NodeMessage, blobs)) {
              if (node.socket.readyState === WebSocket.OPEN) node.socket.send(data)
            }
            return undefined
          })
          await untilHolds(coordinator, 'odd', 4)
          const response = await ask(coordinator, { 'x-request-timeout-ms': '150' })
          const { reason } = await response.json()
          assert.ok([200, 400, 413, 502, 503, 504].includes(response.status), reason)
          seen.add(response.status)
          await node.leave()
        }),
        runs(0.005),
      )
      assert.ok(seen.has(200) && seen.size > 1, String([...seen]))
      assert.deepEqual(faults, [])
    },
    undefined,
    { log: (line, level) => void (level === 'error' && faults.push(line)) },
  )
})
