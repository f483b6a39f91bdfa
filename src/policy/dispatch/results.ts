/**
 * Results of batches: taken at once, checked first, or taken from the hedge of a late batch. Without
 * checks and hedges every result is taken at once.
 *
 * @module
 */
import { Clock } from '../state/finish.ts'
import { ExtraBatches } from '../state/finish.ts'
import {
  type Finished,
  type FinishParts,
  learnBatch,
  learnTime,
  serveBatch,
} from '../state/finish.ts'
import { createHedges } from './hedges.ts'
import type { Fits, SchedulerOptions } from '../core/options.ts'
import { type Batch, type Slot } from '../state/node.ts'
import { restMs } from '../state/slots.ts'
import { generates } from '../state/rows.ts'
import type { Waiting } from '../state/waiting.ts'
import type { Prefix, Shapes } from '../core/graph.ts'
import type { NodeId, PolicyCommand, SchedulerStats } from '../core/types.ts'
import { Trust } from '../trust/trust.ts'

export interface ResultsParts {
  options: Pick<SchedulerOptions, 'trust' | 'hedge'>
  fits: Fits
  shapes: Shapes
  waiting: Waiting
  finishing: FinishParts
  emit(command: PolicyCommand): void
  /** Shortest duration of the tasks that follow a prefix, in ms. */
  afterMs(prefix: Prefix, level: number): number
}

export interface Results {
  trust: Trust | undefined
  /** A batch ended well and is removed from the flights. */
  finished(batch: Batch, event: Finished, nowMs: number): void
  /** A called-off batch has ended; `computeMs` is undefined where unknown. */
  calledOff(batch: Batch, computeMs: number | undefined, nowMs: number): void
  /** A batch with waiting queries was sent. */
  sent(batch: Batch): void
  left(node: NodeId): void
  /** A batch that no query waits for (a check or a hedge) was lost. */
  extraLost(batch: Batch, nowMs: number): void
  /** Whether another node already runs the items of a batch. */
  covered(batch: Batch): boolean
  /** All queries of a batch are closed. */
  forgotten(batch: Batch, nowMs: number): void
  /** Sends checks and hedges to slots with room. */
  look(nowMs: number): void
  nextMs(): number
  /** Adds trust per node and the counts of extra batches. */
  complete(stats: SchedulerStats): SchedulerStats
}

export function createResults(parts: ResultsParts): Results {
  const { options, shapes, waiting, finishing, emit } = parts
  const { flights, pool, profile } = finishing
  const extras = new ExtraBatches(flights)
  const clock = new Clock()
  const common = { extras, isBusy, learnTimes, accept, fits: parts.fits }
  const trust = options.trust && new Trust({
    ...common,
    ...{
      options: options.trust,
      gather: parts.finishing.gather,
      shapes,
      nodes: pool.nodes,
      emit,
      retry: (batch, message, nowMs) => flights.retry(batch, message, nowMs),
      fail(batch, message) {
        for (const { query, batch: id } of batch.items) {
          if (id === batch.id) finishing.registry.fail(query, 'node_failed', message)
        }
      },
    },
    ...{ serve, proved: pool.capacities.outdated },
  })
  const hedges = options.hedge
    ? createHedges({
      ...{ ...common, flights, profile },
      nodes: () => pool.nodes.values(),
      afterMs: parts.afterMs,
    })
    : undefined

  /** Whether an item due before `beforeMs` has waited since an earlier event: no slot was free for it. */
  function isBusy(nowMs: number, beforeMs = Infinity): boolean {
    if (waiting.total === 0) return false
    for (const queue of waiting.queues.values()) {
      const first = queue.at(0)
      if (first === undefined || first.deadlineMs >= beforeMs) continue
      if (first.queuedAtMs < nowMs) return true
    }
    return false
  }

  /** The event with credible times: limited by the coordinator's clock, recorded by trust. */
  function believed(batch: Batch, event: Finished, nowMs: number): Finished {
    const credible = clock.finished(batch, event, nowMs)
    trust?.noteTimes(batch, credible)
    return credible
  }

  /** Learns a batch's times for its node; returns the event with credible times. */
  function learnTimes(batch: Batch, event: Finished, nowMs: number): Finished {
    const credible = believed(batch, event, nowMs)
    learnBatch(batch, credible, finishing, nowMs)
    return credible
  }

  function serve(batch: Batch, event: Finished, verified: boolean, nowMs: number): void {
    if (trust !== undefined) {
      trust.reputations.taken(batch, event, nowMs)
      for (const { query, batch: id } of batch.items) {
        if (id === batch.id) query.verified &&= verified
      }
    }
    serveBatch(batch, event, finishing, nowMs)
  }

  /** Judges and serves the outcomes of a batch. */
  function accept(batch: Batch, event: Finished, nowMs: number): void {
    const verdict = trust?.judge(batch, event, nowMs) ?? 'unverified'
    if (verdict === 'refuse') {
      flights.retry(batch, 'Cannot take a result: its node gave wrong results', nowMs)
    } else if (verdict !== 'held') serve(batch, event, verdict === 'verified', nowMs)
  }

  /** Slots that got room since the last `look`; some may have been taken since. */
  let freed: Slot[] = []
  const isThere = (slot: Slot) => pool.nodes.get(slot.node.id)?.slots[slot.index] === slot

  return {
    trust,
    finished(batch, event, nowMs) {
      if (trust !== undefined) freed.push(batch.slot)
      const owner = extras.take(batch.id)
      if (owner !== undefined) return owner.finished(batch, event, nowMs)
      const credible = learnTimes(batch, event, nowMs)
      const covered = hedges?.ended(batch, nowMs) ?? false
      // The items of a batch that was given up went elsewhere, unless a hedge covers them.
      if (batch.abandonedUntilMs === null || covered) accept(batch, credible, nowMs)
    },
    calledOff(batch, computeMs, nowMs) {
      if (computeMs === undefined) return
      const event: Finished = {
        ...{ type: 'batch_finished', batch: batch.id, outcomes: [] },
        ...{ computeMs, nodeQueueMs: 0, networkMs: 0 },
      }
      const credible = believed(batch, event, nowMs)
      if (!generates(batch.variant)) {
        batch.slot.restUntilMs = nowMs + restMs(batch.slot.node.inUse, credible.computeMs)
      }
      learnTime(batch, credible.computeMs, batch.items.length, profile)
    },
    // A generated answer may be long: lateness is no sign that its node hangs.
    sent: (batch) => generates(batch.variant) || hedges?.sent(batch),
    left: (node) => clock.left(node),
    extraLost: (batch, nowMs) => extras.take(batch.id)?.lost(batch, nowMs),
    covered: (batch) => hedges?.covers(batch) ?? false,
    forgotten: (batch, nowMs) => void hedges?.forgotten(batch, nowMs),
    look(nowMs) {
      trust?.place(freed.filter(isThere), nowMs)
      if (freed.length > 0) freed = []
      hedges?.look(nowMs)
    },
    nextMs: () => Math.min(trust?.nextMs() ?? Infinity, hedges?.nextMs() ?? Infinity),
    complete(stats) {
      if (trust === undefined && hedges === undefined) return stats
      for (const [id, node] of Object.entries(stats.nodes)) {
        const known = trust?.of(id)
        if (known !== undefined) node.trust = known
      }
      const none = { items: 0, replicas: 0, canaries: 0, audits: 0 }
      return { ...stats, extra: { ...none, ...trust?.work, hedges: hedges?.count() ?? 0 } }
    },
  }
}
