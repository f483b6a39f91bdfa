/**
 * The profiler of a node, with what its figures go to: the coordinator, and the next start.
 *
 * @module
 */
import { GENERATE } from '../../pipeline/generate.ts'
import type { NodeMessage } from '../../protocol/messages.ts'
import { createSleeper } from '../clock.ts'
import { type Adapter, adapterName } from '../engine/adapter.ts'
import type { EngineUse } from '../engine/engine.ts'
import { ORT_VERSION } from '../engine/ort.ts'
import type { InstanceSpec } from '../engine/worker_api.ts'
import type { Host } from '../host.ts'
import { type Catalog, measuredAs, nameOf } from '../models/catalog.ts'
import type { Watch } from '../state.ts'
import {
  createProfiler,
  type Profiler,
  type ProfilerOptions,
  type RecallVerdict,
} from './profiler.ts'
import type { Remembered } from './recall.ts'
import { createProfileStore, type ProfileTable } from './store.ts'

type Own = 'isSampled' | 'report' | 'recall' | 'recalled' | 'keep'

export interface MeasuringOptions extends Omit<ProfilerOptions, Own> {
  host: Host
  watch: Watch
  /** Asked at each use: they come into being together. */
  engine(): EngineUse
  device(): Adapter | undefined
  catalog(): Catalog | undefined
  send(message: NodeMessage): void
}

export interface Measuring extends Profiler {
  /** Resolves when what was measured is kept, or that takes too long. */
  stop(): Promise<void>
}

/** Longest wait for a write at the end. */
const WRITE_MS = 1000

export function createMeasuring(options: MeasuringOptions): Measuring {
  const { host, watch, send } = options
  const store = createProfileStore({
    openCache: () => host.openCache(),
    warn: (message) => watch.emit({ type: 'warning', message }),
  })
  let context = ''
  let table: ProfileTable = new Map()
  let oldest = ''
  let told = ''
  let reading: Promise<unknown> = Promise.resolve()
  let writing = Promise.resolve()

  function specOf(key: string): InstanceSpec | undefined {
    try {
      return options.catalog()?.spec(nameOf(key))
    } catch {
      // Served no more.
      return undefined
    }
  }

  function idOf(key: string): string | undefined {
    const spec = specOf(key)
    return spec && measuredAs(spec)
  }

  async function recall(): Promise<Remembered> {
    const mine = context = contextOf(host, options.engine(), options.device())
    told = ''
    oldest = ''
    const found = store.read(mine)
    reading = found
    const read = await found ?? new Map()
    if (mine === context) table = read
    // Rows are replaced as new figures come; what is remembered stays what it was.
    const then = new Map(read)
    return (key) => {
      const row = then.get(idOf(key) ?? '')
      if (row !== undefined && (oldest === '' || row.measuredAt < oldest)) oldest = row.measuredAt
      return row
    }
  }

  function recalled({ used, reason }: RecallVerdict): void {
    if (told === reason) return
    told = reason
    if (!used) table = new Map()
    send({ type: 'report', remembered: { used, measuredAt: oldest, reason: reason.slice(0, 500) } })
    watch.emit({ type: 'remembered', used, measuredAt: oldest, reason })
  }

  const profiler = createProfiler({
    ...options,
    isSampled: (key) => specOf(key)?.task.kind === GENERATE,
    recall,
    recalled,
    report(points) {
      const profile = Array.from(points, ([key, points]) => ({ ...nameOf(key), points }))
      send({ type: 'report', profile })
    },
    keep(rows) {
      const measuredAt = new Date().toISOString()
      for (const [key, row] of rows) {
        const id = idOf(key)
        if (id === undefined) continue
        // The latest come last: the first are the first to go.
        table.delete(id)
        table.set(id, { ...row, measuredAt: row.measuredAt ?? measuredAt })
      }
      const [where, what] = [context, new Map(table)]
      writing = writing.then(() => store.write(where, what))
    },
  })
  return {
    ...profiler,
    async stop() {
      profiler.stop()
      const sleeper = createSleeper(options.clock)
      await Promise.race([Promise.all([reading, writing]), sleeper.pause(WRITE_MS)])
      sleeper.wake()
    },
  }
}

/** All that a figure depends on, besides what is run. */
function contextOf(
  { assets }: Host,
  { backend, threads }: EngineUse,
  device: Adapter | undefined,
): string {
  const { userAgent, hardwareConcurrency, platform } = navigator
  const files = assets.ort?.[backend]
  return [
    // The name has a hash in it; the address of the coordinator says nothing of the build.
    (files?.wasm ?? files?.module)?.split('/').at(-1) ?? ORT_VERSION,
    `${backend} ${threads}`,
    userAgent,
    platform,
    hardwareConcurrency,
    backend === 'webgpu' && device !== undefined ? adapterName(device) : '',
  ].join('|').slice(0, 2000)
}
