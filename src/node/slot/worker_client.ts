/**
 * The slot's end of an inference worker: calls that always come back.
 *
 * A comlink call stays pending for ever when the worker throws, ends or hangs, so each one here is
 * raced with a deadline and with the worker's death. A worker that misses a deadline is ended: it
 * may be anywhere, and WebAssembly cannot be interrupted.
 *
 * @module
 */
import { expose, proxy, releaseProxy, type Remote, transfer, wrap } from 'comlink'
import type { Said } from '../../pipeline/generate.ts'
import type { Drawing } from '../../stages/documents/drawing.ts'
import type { CropEncoding, ItemResult, StageItem } from '../../stages/types.ts'
import { afterAwake, type Clock } from '../clock.ts'
import type { Answer, Failure } from '../engine/answer.ts'
import type { Backend, EngineUse } from '../engine/engine.ts'
import { buffersOf } from '../engine/transfer.ts'
import type { InstanceSpec, WorkerApi, WorkerAssets } from '../engine/worker_api.ts'
import type { Decoding } from './decoding.ts'
import { createDrawer, type Drawer } from './drawer.ts'
import { createShared, type Processors } from './processors.ts'

/** As {@linkcode WorkerApi}, from outside: never throws, never hangs. */
export interface WorkerClient {
  init(
    assets: WorkerAssets,
    use: EngineUse,
    timeoutMs: number,
  ): Promise<Answer<{ backend: Backend }>>
  needs(hash: string): Promise<Answer<boolean>>
  load(
    spec: InstanceSpec,
    bytes: Uint8Array | undefined,
    timeoutMs: number,
  ): ReturnType<WorkerApi['load']>
  unload(key: string): ReturnType<WorkerApi['unload']>
  /**
   * The items' bytes move to the worker: their buffers are gone here afterwards.
   *
   * @param signal aborted when nobody waits for it: what can be ended half way is, and has expired
   */
  run(
    key: string,
    items: StageItem[],
    crops: CropEncoding,
    timeoutMs: number,
    signal?: AbortSignal,
  ): ReturnType<WorkerApi['run']>
  /** Waits for processors, where there may be too few for its threads; returns what gives them back. */
  turn(): Promise<() => void>
  /**
   * As `run`. The worker is ended where it says nothing for so long: how long the whole takes is for the
   * deadline to bound.
   */
  generate(
    batch: { key: string; batch: number; items: StageItem[] },
    leftMs: number,
    silentMs: number,
    told: (said: Said[]) => void,
  ): ReturnType<WorkerApi['generate']>
  /** Of a batch that generates: nobody waits for these items, or for any. */
  leave(batch: number): void
  /** Share of the time that what generates may take. */
  pace(duty: number): void
  measure(key: string, batch: number, timeoutMs: number): ReturnType<WorkerApi['measure']>
  /** Threads of its runs; 0 before it was told. */
  readonly threads: number
  /** Why the worker is gone; `undefined` while it lives. */
  readonly death: Failure | undefined
  /** Ends the worker; calls under way answer `worker_died`. */
  close(): void
}

export interface WorkerClientOptions {
  clock: Clock
  /** Has batches of large pictures wait for each other. */
  decoding?: Decoding | undefined
  /** Has batches wait for processors. */
  processors?: Processors | undefined
  /** Called once, when the worker ended by itself or was ended for missing a deadline. */
  onDeath?(failure: Failure): void
}

/** Deadline of calls that compute nothing. */
const SMALL_CALL_MS = 30_000

const NOT_AWAITED: ItemResult = {
  ok: false,
  reason: 'expired',
  message: 'Nobody waits for it any more',
}

/** Takes charge of a worker that has just been made. */
export function createWorkerClient(worker: Worker, options: WorkerClientOptions): WorkerClient {
  const { clock } = options
  // Kept for the client's life: a proxy collected while a call is under way loses the answer.
  const remote: Remote<WorkerApi> = wrap<WorkerApi>(worker)
  /** Started with the first document. */
  let drawer: Drawer | undefined
  let drawn: MessagePort | undefined
  const underWay = new Set<(failure: Failure) => void>()
  let death: Failure | undefined
  let threads = 0
  let loading = 0
  /** For batches that generate together: they run as one. */
  const turn = createShared(() => options.processors?.(threads))

  function end(failure: Failure): void {
    if (death !== undefined) return
    death = failure
    remote[releaseProxy]()
    worker.terminate()
    drawer?.end()
    drawn?.close()
    for (const fail of underWay) fail(failure)
    underWay.clear()
  }

  function die(failure: Failure): void {
    if (death !== undefined) return
    end(failure)
    options.onDeath?.(failure)
  }

  worker.addEventListener('error', (event) => {
    // Unhandled, it would end the whole process in Deno.
    event.preventDefault()
    const why = event.message || 'its script could not be loaded'
    die({ ok: false, code: 'worker_died', message: `The worker ended: ${why}` })
  })
  worker.addEventListener('messageerror', () => {
    die({ ok: false, code: 'worker_died', message: 'The worker sent what cannot be read' })
  })

  /** Where documents are drawn; nothing where the build has no worker for that. */
  function drawnBeside({ drawing, codecs }: WorkerAssets): MessagePort | undefined {
    if (drawing === undefined) return undefined
    drawer = createDrawer({
      clock,
      codecs,
      createWorker: () => new Worker(new URL(drawing), { type: 'module', name: 'shoal drawing' }),
    })
    const { port1, port2 } = new MessageChannel()
    expose(drawer satisfies Drawing, drawn = port1)
    return port2
  }

  function call<T>(
    timeoutMs: number,
    ask: (alive: () => void) => Promise<unknown>,
    mayWait = () => false,
  ): Promise<Answer<T>> {
    if (death !== undefined) return Promise.resolve(death)
    return new Promise((resolve) => {
      let stop = () => {}
      const settle = (answer: Answer<T>) => {
        underWay.delete(settle)
        stop()
        resolve(answer)
      }
      const wait = () => {
        stop()
        stop = afterAwake(clock, timeoutMs, () => {
          if (mayWait()) return wait()
          const message = `The worker gave no answer in ${Math.round(timeoutMs)} ms and was ended`
          die({ ok: false, code: 'timeout', message })
        })
      }
      wait()
      underWay.add(settle)
      ask(() => underWay.has(settle) && wait()).then(
        (answer) => settle(answer as Answer<T>),
        (error: unknown) =>
          settle({ ok: false, code: 'run_failed', message: `Cannot ask the worker: ${error}` }),
      )
    })
  }

  return {
    async init(assets, use, timeoutMs) {
      threads = use.threads
      const drawing = drawnBeside(assets)
      const answer = await call<{ backend: Backend }>(
        timeoutMs,
        () => remote.init(assets, { ...use }, drawing && transfer(drawing, [drawing])),
      )
      // Asked once and pending for the worker's life: nothing is raced with it.
      if (answer.ok && use.backend === 'webgpu') remote.lost().then(die, () => {})
      return answer
    },
    needs: (hash) => call(SMALL_CALL_MS, () => remote.needs(hash)),
    async load(spec, bytes, timeoutMs) {
      loading++
      try {
        return await call(timeoutMs, () => remote.load(spec, bytes))
      } finally {
        loading--
      }
    },
    unload: (key) => call(SMALL_CALL_MS, () => remote.unload(key)),
    async run(key, items, crops, timeoutMs, signal) {
      const done = await options.decoding?.(items)
      const over = await options.processors?.(threads)
      const stop = () => {
        drawer?.stop()
        if (death === undefined) remote.stop().catch(() => {})
      }
      signal?.addEventListener('abort', stop)
      try {
        if (signal?.aborted) return { ok: true, value: { results: items.map(() => NOT_AWAITED) } }
        return await call(
          timeoutMs,
          () => remote.run(key, transfer(items, buffersOf(items)), crops),
        )
      } finally {
        signal?.removeEventListener('abort', stop)
        over?.()
        done?.()
      }
    },
    turn,
    generate({ key, batch, items }, leftMs, silentMs, told) {
      const isLoading = () => loading > 0
      return call(silentMs, (alive) => {
        const tell = proxy((said: Said[]) => {
          alive()
          told(said)
        })
        return remote.generate(key, batch, transfer(items, buffersOf(items)), leftMs, tell)
      }, isLoading)
    },
    leave(batch) {
      if (death === undefined) remote.leave(batch).catch(() => {})
    },
    pace(duty) {
      if (death === undefined) remote.pace(duty).catch(() => {})
    },
    measure: (key, batch, timeoutMs) => call(timeoutMs, () => remote.measure(key, batch)),
    get threads() {
      return threads
    },
    get death() {
      return death
    },
    close: () => end({ ok: false, code: 'worker_died', message: 'The worker was closed' }),
  }
}
