/**
 * Results on their way in: taken at once, or checked first, or those of another node in place of a
 * late one. Without checks and hedges every result is taken at once.
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
  /** How long what follows behind a prefix lasts at the least. */
  afterMs(prefix: Prefix, level: number): number
}

export interface Results {
  trust: Trust | undefined
  /** A batch ended well; it is off the books. */
  finished(batch: Batch, event: Finished, nowMs: number): void
  /** A batch that was called off has ended, and took so long where that is known. */
  calledOff(batch: Batch, computeMs: number | undefined, nowMs: number): void
  /** A batch that queries wait for was sent. */
  sent(batch: Batch): void
  left(node: NodeId): void
  /** A batch that no query waits for came to nothing. */
  extraLost(batch: Batch, nowMs: number): void
  /** Another node is at its items already. */
  covered(batch: Batch): boolean
  /** Nobody wants its items any more. */
  forgotten(batch: Batch, nowMs: number): void
  /** Sends what is wanted besides what waits. */
  look(nowMs: number): void
  nextMs(): number
  /** Adds what is known of nodes, and what was done twice. */
  complete(stats: SchedulerStats): SchedulerStats
}

export function createResults(parts: ResultsParts): Results {
  const { options, shapes, waiting, finishing, emit } = parts
  const { flights, pool, profile } = finishing
  const extras = new ExtraBatches(flights)
  const clock = new Clock()
  const common = { extras, isBusy, hear, accept, fits: parts.fits }
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

  /** Whether anything waits, due before then, that did not come just now: no slot was free for it. */
  function isBusy(nowMs: number, beforeMs = Infinity): boolean {
    if (waiting.total === 0) return false
    for (const queue of waiting.queues.values()) {
      const first = queue.at(0)
      if (first === undefined || first.deadlineMs >= beforeMs) continue
      if (first.queuedAtMs < nowMs) return true
    }
    return false
  }

  /** With times that can be believed. */
  function believed(batch: Batch, event: Finished, nowMs: number): Finished {
    const told = clock.finished(batch, event, nowMs)
    trust?.hear(batch, told)
    return told
  }

  /** What a batch says of its node; returns it with times that can be believed. */
  function hear(batch: Batch, event: Finished, nowMs: number): Finished {
    const told = believed(batch, event, nowMs)
    learnBatch(batch, told, finishing, nowMs)
    return told
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

  /** What a batch says of its items. */
  function accept(batch: Batch, event: Finished, nowMs: number): void {
    const verdict = trust?.judge(batch, event, nowMs) ?? 'unverified'
    if (verdict === 'refuse') {
      flights.retry(batch, 'Cannot take a result: its node gave wrong ones', nowMs)
    } else if (verdict !== 'held') serve(batch, event, verdict === 'verified', nowMs)
  }

  /** Slots that got room since `look`; of what came together since, something may have taken them. */
  let freed: Slot[] = []
  const isThere = (slot: Slot) => pool.nodes.get(slot.node.id)?.slots[slot.index] === slot

  return {
    trust,
    finished(batch, event, nowMs) {
      if (trust !== undefined) freed.push(batch.slot)
      const owner = extras.take(batch.id)
      if (owner !== undefined) return owner.finished(batch, event, nowMs)
      const told = hear(batch, event, nowMs)
      const covered = hedges?.ended(batch, nowMs) ?? false
      // What was given up went elsewhere, unless another node was at it already.
      if (batch.abandonedUntilMs === null || covered) accept(batch, told, nowMs)
    },
    calledOff(batch, computeMs, nowMs) {
      if (computeMs === undefined) return
      const event: Finished = {
        ...{ type: 'batch_finished', batch: batch.id, outcomes: [] },
        ...{ computeMs, nodeQueueMs: 0, networkMs: 0 },
      }
      const told = believed(batch, event, nowMs)
      if (!generates(batch.variant)) {
        batch.slot.restUntilMs = nowMs + restMs(batch.slot.node.inUse, told.computeMs)
      }
      learnTime(batch, told.computeMs, batch.items.length, profile)
    },
    // That an answer is long is no sign that its node hangs.
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
