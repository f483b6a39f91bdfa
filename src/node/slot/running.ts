/**
 * The batches that a slot runs: one that is done by a stage, or any number that generate, since those
 * join and leave between two steps of the model.
 *
 * @module
 */
import { GENERATE, generateTaskOf } from '../../pipeline/generate.ts'
import type { ItemResult } from '../../stages/types.ts'
import type { Answer, Failure } from '../engine/answer.ts'
import type { Generated } from '../engine/generate/served.ts'
import type { InstanceSpec } from '../engine/worker_api.ts'
import type { SlotBatch } from './batch_queue.ts'
import type { SlotEvents } from './events.ts'
import type { SlotOptions } from './types.ts'
import type { WorkerClient } from './worker_client.ts'

/**
 * A worker that generates tells every half second that runs end. The longest run is a piece of a prompt,
 * on the largest model and the slowest processor that are of any use some seconds.
 */
const MAX_SILENT_MS = 20_000
const MAX_RUN_MS = 120_000

type OfSlot = Pick<SlotOptions, 'clock' | 'duty' | 'maxRunMs' | 'maxSilentMs'>

export interface RunningOptions extends OfSlot {
  events: Pick<SlotEvents, 'done' | 'failed' | 'said' | 'calledOff'>
  /** What the present worker holds under this key. */
  held(key: string): InstanceSpec | undefined
  /** Nobody is to be told of what ends from now on. */
  closed(): boolean
}

export interface Running {
  readonly all: readonly SlotBatch[]
  /** Somebody waits for one of them. */
  readonly busy: boolean
  generates(key: string): boolean
  /** Whether the batch may begin now, beside what runs. */
  mayBegin(batch: SlotBatch): boolean
  /** Runs it to its end, and tells of that. */
  run(batch: SlotBatch, client: WorkerClient): Promise<RunEnd>
  /** False where it does not run. */
  cancel(batch: number): boolean
  /** The share of the time changed. */
  recount(): void
}

export interface RunEnd {
  /** For which a rest is owed yet. */
  workedMs: number
  failure: Failure | undefined
  /** The failure says something of the engine: not that the variant went, or what others fail of, too. */
  isFault: boolean
}

interface Run {
  /** For the worker: numbers of batches begin anew with each coordinator. */
  serial: number
  batch: SlotBatch
  client: WorkerClient
  generates: boolean
  /** The worker has it. */
  asked: boolean
  /** Aborted when it is called off. */
  calling: AbortController
}

const isCalledOff = ({ calling: { signal } }: Run) => signal.aborted
const isAwaited = (run: Run, number: number) => run.batch.batch === number && !isCalledOff(run)
/** Not ended half way. */
const isWhole = (results: readonly ItemResult[]) =>
  results.every((result) => result.ok || result.reason !== 'expired')

export function createRunning(options: RunningOptions): Running {
  const { clock, events, duty, maxRunMs = MAX_RUN_MS, maxSilentMs = MAX_SILENT_MS } = options
  const runs = new Set<Run>()
  let serials = 0
  const runOf = (number: number) => [...runs].find((run) => isAwaited(run, number))
  const generates = (key: string) => options.held(key)?.task.kind === GENERATE

  function mayBegin({ key }: SlotBatch): boolean {
    if (runs.size === 0) return true
    const spec = options.held(key)
    const others = [...runs]
    if (spec?.task.kind !== GENERATE || !others.every((run) => run.generates)) return false
    // More than there are rows would only wait in the worker.
    const sequences = others.reduce((sum, run) => sum + run.batch.items.length, 0)
    return sequences < generateTaskOf(spec.task).rows
  }

  async function generate(run: Run): Promise<Answer<Generated>> {
    const { batch, client } = run
    const over = await client.turn()
    try {
      client.pace(duty())
      const leftMs = batch.expiresMs - clock.nowMs()
      const asked = client.generate(
        { ...batch, batch: run.serial },
        leftMs,
        maxSilentMs,
        (said) => {
          if (!isCalledOff(run) && !options.closed()) events.said(batch, said)
        },
      )
      run.asked = true
      if (isCalledOff(run)) client.leave(run.serial)
      return await asked
    } finally {
      over()
    }
  }

  async function run(batch: SlotBatch, client: WorkerClient): Promise<RunEnd> {
    const mine: Run = {
      serial: ++serials,
      batch,
      client,
      generates: generates(batch.key),
      asked: false,
      calling: new AbortController(),
    }
    runs.add(mine)
    const startMs = clock.nowMs()
    const giveUpMs = Math.min(batch.giveUpMs, maxRunMs)
    const answer: Answer<Partial<Generated> & { results: ItemResult[] }> = mine.generates
      ? await generate(mine)
      : await client.run(batch.key, batch.items, batch.crops, giveUpMs, mine.calling.signal)
    runs.delete(mine)
    const tookMs = clock.nowMs() - startMs
    const restedMs = answer.ok ? answer.value.restedMs ?? 0 : 0
    const computeMs = Math.max(0, tookMs - restedMs)
    if (!options.closed()) {
      if (isCalledOff(mine)) {
        // Steps that were generated took their time, wherever it ended.
        const ended = answer.ok &&
          (mine.generates || isWhole(answer.value.results) ? { computeMs } : {})
        events.calledOff(batch, ended || undefined)
      } else if (answer.ok) {
        const queueMs = startMs - batch.receivedMs
        const times = { queueMs, computeMs, elapsedMs: queueMs + tookMs }
        events.done(batch, answer.value.results, times)
      } else events.failed(batch, answer.message)
    }
    // No run is longer than its watchdog allows: a machine that slept owes no rest for that. What
    // generates rests between its steps.
    const workedMs = mine.generates ? 0 : Math.min(computeMs, giveUpMs)
    const failure = answer.ok ? undefined : answer
    const isFault = failure !== undefined && failure.code !== 'not_held' && runs.size === 0
    return { workedMs, failure, isFault }
  }

  return {
    get all() {
      return Array.from(runs, ({ batch }) => batch)
    },
    get busy() {
      return ![...runs].every(isCalledOff)
    },
    generates,
    mayBegin,
    run,
    cancel(number) {
      const found = runOf(number)
      if (found === undefined) return false
      found.calling.abort()
      if (found.asked) found.client.leave(found.serial)
      return true
    },
    recount() {
      for (const { client, asked } of runs) if (asked) client.pace(duty())
    },
  }
}
