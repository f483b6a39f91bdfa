/** One thread a run or two: measured where memory is shared, said where it is not. */
import { equal, match } from 'node:assert/strict'
import type { Host } from '../../../src/node/host.ts'
import { ENGINE_BYTES, NODE_BYTES } from '../../../src/node/limits/hold_limits.ts'
import type { NodeOptions } from '../../../src/node/node.ts'
import {
  A,
  B,
  batchOf,
  BYTES,
  C,
  item,
  load,
  loadOn,
  readModel,
  SMALL_MODEL,
  testHost,
  withNode,
} from '../fixture.ts'
import type { Scene } from '../fixture.ts'
import { testOfAll } from '../../exhaustive.ts'

/** A browser's host whose engines take so many ms a run, by threads. */
const isolated = (paceMs: { wasm: number; wasm2: number }): Host => ({
  ...testHost(crypto.randomUUID()),
  runtime: 'browser',
  threads: 2,
  sharesMemory: true,
  createWorker: () =>
    new Worker(new URL('../worker_paced.ts', import.meta.url), {
      type: 'module',
      name: JSON.stringify(paceMs),
    }),
})

const growing = (host: Host): Partial<NodeOptions> & { growing: true } => ({
  host,
  backend: 'auto',
  measure: true,
  growing: true,
  readAdapter: () => Promise.resolve(undefined),
})

/**
 * A node that holds these and came to have two slots. Where the machine was too busy just then for a
 * second one to bring anything, the node rightly stays at one: another is tried.
 */
async function withTwoSlots(
  paceMs: { wasm: number; wasm2: number },
  variants: (typeof A)[],
  play: (scene: Scene) => Promise<void>,
): Promise<void> {
  for (let grown = false; !grown;) {
    await withNode(growing(isolated(paceMs)), async (scene) => {
      const { peer } = scene
      equal(peer.hello.threadsPerRun, 1)
      match(peer.hello.backendReason!, /no WebGPU adapter; whether two threads a run .* measured$/)
      await load(peer, ...variants)
      const { message } = await peer.take(
        'report',
        ({ slots, backend }) => slots === 2 || backend !== undefined,
      )
      grown = message.slots === 2
      if (grown) await play(scene)
    })
  }
}

testOfAll('auto takes two threads a run where they carry nearly what two workers do', async () => {
  await withTwoSlots({ wasm: 30, wasm2: 5 }, [A, C], async ({ peer, node }) => {
    await loadOn(peer, 1, A, C)
    await peer.take('report', ({ slots }) => slots === 1)
    const { message } = await peer.take('report', ({ threadsPerRun }) => threadsPerRun === 2)
    match(
      message.backendReason!,
      /; two threads a run: of [ac] \+ [ac] two threads carried \d+\.\d a second, two workers of one thread \d+\.\d$/,
    )
    equal(node.state.reason, message.backendReason)
    peer.send(batchOf(1, A, [item()]), [BYTES])
    equal((await peer.take('result')).message.items.length, 1)
  })
})

testOfAll('auto keeps two workers of one thread where they carry more', async () => {
  await withTwoSlots({ wasm: 20, wasm2: 20 }, [A], async ({ peer }) => {
    const { message } = await peer.take('report', ({ backend }) => backend !== undefined)
    equal(message.threadsPerRun, 1)
    match(message.backendReason!, /; one thread a run: of a two threads carried/)
  })
})

Deno.test('a node whose memory has no room for one more worker says that nothing is measured', async () => {
  const { byteLength } = await readModel(SMALL_MODEL)
  const memoryBytes = NODE_BYTES + ENGINE_BYTES + 1.5 * byteLength
  const options = { ...growing(isolated({ wasm: 5, wasm2: 5 })), memoryBytes }
  await withNode(options, async ({ peer, node }) => {
    await load(peer, A)
    const { message } = await peer.take(
      'report',
      ({ backendReason }) => backendReason !== undefined,
    )
    equal(message.threadsPerRun, 1)
    match(message.backendReason!, /; one thread a run: its memory has no room for a worker to /)
    equal(node.state.reason, message.backendReason)
  })
})

Deno.test('threads a run are as asked for, and one where nothing is to be measured', async () => {
  const host = isolated({ wasm: 1, wasm2: 1 })
  const reasonOf = async (options: Partial<NodeOptions> & { growing?: boolean }) => {
    let found = { threads: 0, reason: '' }
    await withNode(options, ({ peer: { hello } }) => {
      found = { threads: hello.threadsPerRun!, reason: hello.backendReason! }
      return Promise.resolve()
    })
    return found
  }
  const asked = await reasonOf({ ...growing(host), backend: 'wasm', threadsPerRun: 2 })
  equal(asked.threads, 2)
  match(asked.reason, /wasm: asked for by name; 2 threads a run, as asked for/)
  const own = await reasonOf({ ...growing(host), backend: 'wasm', backendReason: 'of its own' })
  match(own.reason, /^wasm: of its own; /)
  const few = await reasonOf({ ...growing(host), threads: 1 })
  match(few.reason, /one thread a run, since one processor may be busy/)
  const fixed = await reasonOf({ ...growing(host), slots: 1 })
  match(fixed.reason, /one thread a run, since the number of workers was asked for/)
  const open = await reasonOf({ ...growing({ ...host, sharesMemory: false }), threadsPerRun: 2 })
  equal(open.threads, 1)
  match(open.reason, /one thread a run, since the page has no memory that threads could share/)
})

Deno.test('a batch comes before the comparison, which goes on later', async () => {
  await withTwoSlots({ wasm: 30, wasm2: 5 }, [A, B], async ({ peer }) => {
    await loadOn(peer, 1, A, B)
    for (let n = 1; n <= 3; n++) {
      peer.send(batchOf(n, A, [item()]), [BYTES])
      equal((await peer.take('result')).message.batch, n)
    }
    await peer.take('report', ({ threadsPerRun }) => threadsPerRun === 2)
  })
})
