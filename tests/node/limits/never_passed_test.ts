/** A volunteer's limits on a real node, whatever a coordinator sends and in whatever order. */
import { ok } from 'node:assert/strict'
import fc from 'fast-check'
import type { InUse } from '../../../src/node/limits/in_use.ts'
import type { NodeOptions } from '../../../src/node/node.ts'
import { workingShare } from '../../../src/protocol/duty.ts'
import { few } from '../../exhaustive.ts'
import type { Peer } from '../coordinator.ts'
import { A, B, batchOf, BYTES, item, PIPELINE, testHost, withNode } from '../fixture.ts'

const PROCESSORS = 3
const DUTY = 0.5
const RUN_MS = 12

/** JSON of numbers of every kind, and of what is none. */
const amount = fc.oneof(
  fc.constantFrom(
    '0',
    '1',
    '2',
    '3',
    '4',
    '256',
    '257',
    '1e9',
    '1e308',
    '1e999',
    '-1',
    '-0',
    'NaN',
  ),
  fc.constantFrom('0.01', '0.3', '0.5', '0.999', '1.5', '2.000001', 'null', '"3"', '[]', 'true'),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
)
const mostly = (...sound: string[]) =>
  fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...sound) }, { weight: 1, arbitrary: amount })
const scale = fc.record({
  slots: mostly('0', '1', '2', '3', '256'),
  duty: mostly('0.1', '0.5', '1'),
  threads: mostly('1', '2', '3', '256'),
}, { requiredKeys: [] })
const step = fc.oneof(
  { weight: 4, arbitrary: scale },
  { weight: 6, arbitrary: fc.record({ batchOn: fc.integer({ min: 0, max: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ loadOn: fc.integer({ min: 0, max: 3 }) }) },
  { weight: 2, arbitrary: fc.constant('turn' as const) },
  fc.constantFrom('unload', 'reload', 'rejoin', 'pause', 'resume', 'noise', 'cancel'),
  fc.record({ waitMs: fc.integer({ min: 0, max: 60 }) }),
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

const TURN: readonly Step[] = [
  { slots: '1', threads: '3' },
  ...[{ waitMs: 150 }, { batchOn: 0 }, { batchOn: 0 }, { waitMs: 5 }],
  { slots: '3', threads: '1' },
  ...[{ batchOn: 1 }, { batchOn: 2 }, { waitMs: 30 }],
]

/** What lies beneath a volunteer's limits. */
interface Case {
  options: Partial<NodeOptions> & { growing?: boolean }
  slots: number
  threads: number
}
const CASES: Case[] = [
  { options: { growing: true, threadsPerRun: 3 }, slots: 3, threads: 3 },
  { options: { growing: true }, slots: 3, threads: 1 },
  { options: { slots: 2, threadsPerRun: 1 }, slots: 2, threads: 1 },
]

/** Batches that run, of all workers. */
function watchBusy(fault: (what: string) => void) {
  const channel = new BroadcastChannel('shoal-test-busy')
  let busy = 0
  const since = new Map<string, { fromMs: number; restsUntilMs: number }>()
  channel.onmessage = ({ data: { worker, threads } }) => {
    busy += threads
    if (busy > PROCESSORS) fault(`${busy} of ${PROCESSORS} processors are busy`)
    const nowMs = performance.now()
    const one = since.get(worker) ?? { fromMs: nowMs, restsUntilMs: -Infinity }
    since.set(worker, one)
    if (threads > 0) {
      // What was told late was not done early: half of the rest is what is left of it at least.
      if (nowMs < one.restsUntilMs) fault(`a worker rested ${one.restsUntilMs - nowMs} ms less`)
      one.fromMs = nowMs
    } else {
      const ranMs = Math.min(RUN_MS, nowMs - one.fromMs)
      one.restsUntilMs = nowMs + ranMs * (1 / workingShare(DUTY) - 1) / 2
    }
  }
  return { ran: () => since.size, [Symbol.dispose]: () => channel.close() }
}

async function play({ options, slots, threads }: Case, steps: readonly Step[]): Promise<void> {
  const faults: string[] = []
  const check = (said: Partial<InUse>, where: string) => {
    const { slots: s = 0, duty: d = DUTY, threads: t = 1 } = said
    const isWithin = Number.isInteger(s) && s >= 0 && s <= slots &&
      Number.isInteger(t) && t >= 1 && t <= threads && s * t <= PROCESSORS && d > 0 && d <= DUTY
    if (!isWithin) faults.push(`${where}: ${JSON.stringify(said)}`)
  }
  using _busy = watchBusy((what) => faults.push(what))
  const host = {
    ...testHost(crypto.randomUUID()),
    ...{ runtime: 'browser' as const, threads: PROCESSORS, sharesMemory: true },
    createWorker: () =>
      new Worker(new URL('../worker_paced.ts', import.meta.url), {
        type: 'module',
        name: JSON.stringify({ wasm: RUN_MS }),
      }),
  }
  await withNode({ ...options, host, duty: DUTY }, async ({ coordinator, peer: first, node }) => {
    let peer: Peer = first
    let batch = 0
    const unwatch = node.subscribe((event, { inUse }) => {
      check(inUse, 'in use')
      if (event.type === 'scaled') check(event, 'event')
    })
    const checkAll = () => {
      check(node.state.inUse, 'in use')
      const { slots, duty, threadsPerRun } = peer.hello
      check(
        { slots: Math.min(slots!, Math.floor(PROCESSORS / threadsPerRun!)), duty: duty! },
        'hello',
      )
      for (const { message } of peer.received) {
        if (message.type === 'scaled') check(message, 'scaled')
        if (message.type === 'report' && message.slots !== undefined) {
          check({ slots: message.slots }, 'report')
        }
      }
    }
    async function act(one: Step): Promise<void> {
      if (typeof one === 'object') {
        if ('waitMs' in one) return await new Promise((done) => setTimeout(done, one.waitMs))
        if ('loadOn' in one) {
          const instances = [A, B].map((variant) => ({ slot: one.loadOn, ...variant }))
          return peer.send({ type: 'load', instances })
        }
        if ('batchOn' in one) {
          return peer.send(batchOf(++batch, A, [item()], { slot: one.batchOn }), [BYTES])
        }
        const fields = Object.entries(one).map(([name, text]) => `,"${name}":${text}`)
        return peer.sendRaw(`{"type":"scale"${fields.join('')}}`)
      }
      // From one wide run to narrow ones beside each other, at work.
      if (one === 'turn') {
        for (const narrow of TURN) await act(narrow)
      } else if (one === 'unload') peer.send({ type: 'unload', instances: [{ slot: 0, ...B }] })
      else if (one === 'cancel') peer.send({ type: 'cancel', batch })
      else if (one === 'noise') peer.sendRaw(crypto.getRandomValues(new Uint8Array(40)).buffer)
      else if (one === 'pause') node.pause()
      else if (one === 'resume') node.resume()
      else if (one === 'reload') {
        const pipelines = [{ ...PIPELINE, sloMs: 1000 + batch }] as never[]
        const models = coordinator.served.models
        peer.send({ type: 'served', pipelines, models })
        coordinator.greet(peer)
      } else {
        peer.close()
        peer = await coordinator.nextPeer()
      }
    }
    await act({ slots: '3', threads: '1' })
    await peer.take('scaled')
    for (let slot = 0; slot < 3; slot++) await act({ loadOn: slot })
    await act({ waitMs: 50 })
    for (const one of steps) {
      await act(one)
      await act({ waitMs: 1 })
      checkAll()
    }
    node.resume()
    await new Promise((done) => setTimeout(done, 300))
    checkAll()
    unwatch()
  })
  ok(faults.length === 0, faults.slice(0, 5).join('; '))
}

Deno.test('no message of any coordinator takes a real node beyond what its volunteer lends', () =>
  fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...CASES),
      fc.array(step, { minLength: 20, maxLength: 60 }),
      play,
    ),
    { numRuns: few(8, 100), endOnFailure: true },
  ))

Deno.test('one wide run and narrow ones are never beside each other on more processors than lent', () =>
  play(CASES[0]!, ['turn', 'turn', 'turn', 'turn']))
