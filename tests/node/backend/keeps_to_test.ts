/** Slots, threads and backends are tried within what the volunteer allows: pauses, and a share. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { workingShare } from '../../../src/protocol/duty.ts'
import type { Adapter } from '../../../src/node/engine/adapter.ts'
import type { Host } from '../../../src/node/host.ts'
import type { NodeOptions } from '../../../src/node/node.ts'
import { A, C, load, loadOn, testHost, withNode } from '../fixture.ts'
import type { Scene } from '../fixture.ts'

const GPU: Adapter = {
  ...{ vendor: 'acme', architecture: 'a1', description: '', software: false },
  ...{ maxBufferSize: 1e9, maxStorageBufferBindingSize: 1e9, shaderF16: true },
}

interface Run {
  worker: number
  fromMs: number
  toMs: number | undefined
}

/** A host of engines that take so long a run; what its workers are asked to measure is noted. */
function watchedHost(paceMs: { wasm: number; wasm2?: number; webgpu?: number }, more: object = {}) {
  const runs: Run[] = []
  const workers: { alive: boolean }[] = []
  let onRun = (_: Run) => {}
  let onEnd = () => {}
  const host: Host = {
    ...testHost(crypto.randomUUID()),
    ...more,
    createWorker() {
      const worker = new Worker(new URL('../worker_paced.ts', import.meta.url), {
        type: 'module',
        name: JSON.stringify(paceMs),
      })
      const index = workers.push({ alive: true }) - 1
      const underWay = new Map<string, Run>()
      const [post, terminate] = [worker.postMessage.bind(worker), worker.terminate.bind(worker)]
      worker.postMessage = (message: { id?: string; path?: string[] }, more?: unknown) => {
        post(message, more as Transferable[])
        if (message.path?.[0] !== 'measure') return
        const run: Run = { worker: index, fromMs: performance.now(), toMs: undefined }
        runs.push(run)
        underWay.set(message.id!, run)
        onRun(run)
      }
      worker.addEventListener('message', ({ data }) => {
        const run = underWay.get(data.id)
        if (run === undefined) return
        run.toMs = performance.now()
        onEnd()
      })
      worker.terminate = () => {
        workers[index]!.alive = false
        terminate()
        onEnd()
      }
      return worker
    },
  }
  return {
    host,
    runs,
    /** The first that fits. */
    run: (fits: (run: Run) => boolean) =>
      new Promise<Run>((resolve) => {
        onRun = (run) => fits(run) && resolve(run)
      }),
    /** Resolves when none is under way. */
    async calm() {
      const isOver = ({ worker, toMs }: Run) => toMs !== undefined || !workers[worker]!.alive
      while (!runs.every(isOver)) await new Promise<void>((resolve) => onEnd = resolve)
    },
    alive: () => workers.filter(({ alive }) => alive).length,
  }
}

const trying = (host: Host, more: Partial<NodeOptions> = {}) => ({
  ...{ host, backend: 'auto' as const, measure: true, growing: true, threads: 2 },
  readAdapter: () => Promise.resolve(undefined),
  ...more,
})

/** Words there and back: each gives what could begin the time to. */
async function someRounds({ peer }: Scene): Promise<void> {
  for (let n = 1; n <= 30; n++) {
    peer.send({ type: 'ping', n })
    await peer.take('pong', (message) => message.n === n)
  }
}

const oneSlot = { slots: 1, readAdapter: () => Promise.resolve(GPU) }

/**
 * Pauses as the worker that is tried begins its first run. False where the machine was too busy for
 * a second slot to bring anything: then nothing is tried beside two.
 *
 * @param beside how many workers serve by then
 */
async function pausedWhile(
  { host, runs, run, calm, alive }: ReturnType<typeof watchedHost>,
  beside: number,
  options: Partial<NodeOptions> = {},
): Promise<boolean> {
  let came = true
  await withNode(trying(host, options), async (scene) => {
    const { peer, node } = scene
    const paused = run(({ worker }) => worker === beside && (node.pause('battery'), true))
    await load(peer, A, C)
    if (beside === 2) {
      const { message } = await peer.take(
        'report',
        ({ slots, backend }) => slots === 2 || backend !== undefined,
      )
      came = message.slots === 2
      if (!came) return
      await loadOn(peer, 1, A, C)
    }
    await paused
    const before = runs.length
    await calm()
    await someRounds(scene)
    equal(runs.length, before)
    equal(alive(), beside)
    const again = run(() => true)
    node.resume()
    await again
  })
  return came
}

Deno.test('a pause while more slots are tried begins no run, and leaves no worker that tries', async () => {
  await pausedWhile(watchedHost({ wasm: 10 }), 1)
})

Deno.test('a pause while two threads are tried begins no run, and ends the worker that tries', async () => {
  const isolated = { runtime: 'browser', threads: 2, sharesMemory: true }
  while (!await pausedWhile(watchedHost({ wasm: 10, wasm2: 3 }, isolated), 2));
})

Deno.test('a pause while a GPU is tried begins no run, and ends the worker that tries', async () => {
  await pausedWhile(watchedHost({ wasm: 30, webgpu: 3 }), 1, oneSlot)
})

Deno.test('a worker rests after each run for measuring as it does after a batch', async () => {
  const { host, runs, run } = watchedHost({ wasm: 10, webgpu: 3 })
  const share = workingShare(0.5)
  const isSecond = ({ worker }: Run, _: number, [first]: Run[]) => worker > first!.worker
  await withNode(trying(host, { ...oneSlot, duty: 0.5 }), async ({ peer }) => {
    await load(peer, A, C)
    await peer.take('report', ({ backend }) => backend === 'webgpu')
  })
  await withNode(trying(host, { duty: 0.5 }), async ({ peer }) => {
    const from = runs.length
    const tried = run(() => runs.slice(from).filter(isSecond).length >= 20)
    await load(peer, A, C)
    await tried
  })
  const hasty = [...runs.entries()].filter(([i, { worker, fromMs }]) => {
    const before = runs.slice(0, i).findLast((other) => other.worker === worker)
    if (before?.toMs === undefined) return false
    const tookMs = before.toMs - before.fromMs
    // A timer may come a millisecond early.
    return fromMs - before.toMs < tookMs * (1 / share - 1) - 2
  })
  ok(runs.length > 30)
  deepEqual(hasty, [])
})
