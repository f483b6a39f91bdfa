/**
 * The dispatcher: admits queries, binds their items to slots as late as possible, and gives each query
 * exactly one answer. Each coordinator has one, which knows the nodes linked to that coordinator.
 *
 * @module
 */
import { check } from './state/check.ts'
import { createFanOut, type FanOut } from './estimate/fanout.ts'
import { createFlights } from './state/flights.ts'
import { createLearned, type Learned } from './learned.ts'
import type { Limits, SchedulerOptions } from './core/options.ts'
import { type NodeChange, Pool } from './state/pool.ts'
import { BatchSizes } from './estimate/batch_sizes.ts'
import { isAlone } from './state/capacity.ts'
import { type ClassReport, reportClasses } from './state/classes.ts'
import { createReady } from './state/ready.ts'
import { createRulings } from './state/rulings.ts'
import { PROOF } from './state/node.ts'
import { coolDown } from './state/slots.ts'
import { Profile } from './estimate/profile.ts'
import type { Query } from './state/query.ts'
import { besideOn } from './state/rows.ts'
import { createQueue } from './state/queue.ts'
import { createWaiting } from './state/waiting.ts'
import type { PipelineShape, Shapes } from './core/graph.ts'
import { createCounters, dispatcherStats } from './state/stats.ts'
import { createResults } from './dispatch/results.ts'
import type { Trust } from './trust/trust.ts'
import type { PolicyCommand, PolicyEvent, SchedulerStats } from './core/types.ts'
import { Assigner } from './dispatch/assign.ts'
import { mayTry } from './dispatch/bounds.ts'
import type { Demands } from './estimate/demands.ts'
import { isBestInTime } from './admit/best_in_time.ts'
import { QueryRegistry } from './admit/registry.ts'
import { Outlook } from './outlook.ts'
import { dispatch as params } from './dispatch/params.ts'
import type { OutlookParts } from './outlook.ts'
import { Preferred } from './use/preferred.ts'

export interface Dispatcher extends Pick<Learned, 'memory' | 'recall'> {
  /** @param change the event's effect on a node */
  handle(event: PolicyEvent, change: NodeChange | undefined, nowMs: number): void
  /** The pipelines changed. */
  renew(): void
  readonly pool: Pool
  /** The classes of nodes, for placement. */
  classes(nowMs: number): ClassReport[]
  readonly fanOut: Pick<FanOut, 'mean' | 'none'>
  /** Fails queries past their deadline; `inclusive` also those at it, as after an event. */
  expire(nowMs: number, inclusive: boolean): void
  /** Sends batches to slots with credit. */
  dispatch(nowMs: number): void
  /** Latest time of the next wake; Infinity if only an event can change anything. */
  nextWakeMs(nowMs: number): number
  planned: Outlook['planned']
  /** See `admit/best_in_time.ts`. */
  bestInTime(shape: PipelineShape, nowMs: number): boolean
  /** Undefined if results are not checked. */
  trust: Trust | undefined
  stats(nowMs: number): SchedulerStats
  /** @throws Error if an invariant of the state does not hold: see `state/check.ts` */
  check(): void
}

export function createDispatcher(
  shapes: Shapes,
  limits: Limits,
  emit: (command: PolicyCommand) => void,
  demands: Demands,
  options:
    & Pick<SchedulerOptions, 'trust' | 'hedge' | 'fits' | 'gather' | 'prefer'>
    & Pick<OutlookParts, 'classified' | 'cold' | 'recruit' | 'release'>,
): Dispatcher {
  const { fits = () => true, gather = () => undefined } = options
  const preferred = new Preferred(options.prefer)
  const profile = new Profile((node) => trust?.reputations.speaks(node) ?? true)
  const fanOut = createFanOut()
  const sizes = new BatchSizes()
  const rulings = createRulings()
  const pool = new Pool({
    shapes,
    profile,
    fanOut,
    sizes,
    proofOf: (node) => trust?.reputations.proofOf(node) ?? PROOF.own,
  })
  const ready = createReady()
  const waiting = createWaiting(shapes)
  const counters = createCounters(shapes)
  const queries = createQueue<Query>()
  const flights = createFlights({
    shapes,
    limits,
    profile,
    waiting,
    emit,
    changed(slot) {
      ready.touch(slot, nowMs)
      pool.leaving.changed(slot)
    },
    exhausted: (item, message) => registry.fail(item.query, 'node_failed', message),
    extraLost: (batch) => results.extraLost(batch, nowMs),
    covered: (batch) => results.covered(batch),
    forgotten: (batch) => results.forgotten(batch, nowMs),
    sent: (batch) => results.sent(batch),
    failed: (batch) => trust?.reputations.failed(batch.slot.node.id),
  })
  let nowMs = 0
  let lookMs = Infinity
  let batchMs = params.firstBatchMs
  const outlook = new Outlook({
    ...{ shapes, pool, ready, flights, queries, waiting, fanOut, demands, emit },
    maxBatch: limits.maxBatch,
    batchMs: () => batchMs,
    preferred,
    classified: options.classified,
    cold: options.cold,
    recruit: options.recruit,
    release: options.release,
  })
  const registry = new QueryRegistry({
    shapes,
    limits,
    queries,
    waiting,
    flights,
    outlook,
    counters,
    emit,
    bestFloor: rulings.bestFloor,
    arrivals: pool.arrivals,
    doubt: pool.capacities.doubt,
    preferred,
    confirming: () => trust?.confirming,
    nowMs: () => nowMs,
    countDemand: (pipeline, floor, share) => demands.count(pipeline, nowMs, floor, share),
  })
  const finishing = { profile, fanOut, pool, flights, gather, registry }
  const results = createResults({
    options,
    fits,
    shapes,
    waiting,
    finishing,
    emit,
    afterMs: (prefix, level) => outlook.pathsAt(nowMs).least(prefix, level).chainMs,
  })
  const assigner = new Assigner({
    limits,
    waiting,
    ready,
    fits,
    arrivals: pool.arrivals,
    inside: () => queries.length,
    capacity: () => outlook.capacity(nowMs),
    context: () => outlook.context(nowMs),
    mayTry: (item, slot) => mayTry(item, slot, outlook.context(nowMs)),
    isConfirmable: ({ query }, variant) =>
      trust?.confirming.isPossible(query, variant, nowMs) ?? true,
    leavesRoom: (pipeline, ms) => outlook.leavesRoom(pipeline, ms, nowMs),
    send(slot, { items, prefixes, variant, close }) {
      counters.closed(close)
      const { index, class: { name } } = slot.group!
      outlook.charge(variant, index, items.length)
      sizes.ran(name, variant, items.length + besideOn(slot, variant.task))
      const members = items.map((item, i) => ({ item, choice: { prefix: prefixes[i]! } }))
      flights.send(slot, members, isAlone(slot, variant.task, outlook.capacity(nowMs)), nowMs)
    },
    drop: (query) =>
      registry.fail(query, 'deadline_exceeded', 'Cannot answer in time: dropped early'),
  })
  const { trust } = results
  const learned = createLearned({ shapes, profile, fanOut, nodes: pool.nodes, trust })

  function lose(change: NodeChange | undefined, why: string): void {
    const message = `Cannot finish a batch: ${why}`
    for (const batch of change?.lost ?? []) {
      flights.end(batch.id, nowMs)
      flights.fail(batch, message, nowMs)
    }
  }

  function handle(event: PolicyEvent, change: NodeChange | undefined, at: number): void {
    nowMs = at
    switch (event.type) {
      case 'query_arrived':
        return registry.arrive(event)
      case 'query_cancelled':
        return registry.cancel(event.query)
      case 'batch_finished': {
        const batch = flights.end(event.batch, nowMs)
        if (batch === undefined) return
        batchMs += params.alpha * (event.computeMs - batchMs)
        results.finished(batch, event, nowMs)
        return ready.touch(batch.slot, nowMs)
      }
      case 'batch_failed': {
        const batch = flights.end(event.batch, nowMs)
        if (batch === undefined) return
        // No query needs a batch that was called off, and its end is no sign of a fault.
        if (batch.abandonedUntilMs !== null) return results.calledOff(batch, event.computeMs, nowMs)
        coolDown(batch.slot, batch.variant, nowMs)
        ready.touch(batch.slot, nowMs)
        return flights.fail(batch, event.message, nowMs)
      }
      case 'node_joined':
        return lose(change, 'its node joined again')
      case 'node_reported':
        return lose(change, 'its slot was removed')
      case 'node_left':
        learned.left(event.node)
        results.left(event.node)
        return lose(change, 'its node left')
      case 'pipeline_added':
        return open(shapes.pipelines.get(event.pipeline.name)!, event.replaces)
      case 'pipeline_removed':
        for (const one of [waiting, learned]) one.close(shapes.pipelines.get(event.pipeline)!)
        return counters.fold(event.pipeline, event.into)
      case 'rulings_changed':
        return rulings.set(event.rulings)
      case 'drain':
        return registry.drain()
    }
  }

  function open(shape: PipelineShape, replaces: string | undefined): void {
    waiting.open(shape)
    counters.open(shape.name)
    learned.open(shape, replaces)
    outlook.renew()
  }

  return {
    handle,
    renew: () => outlook.renew(),
    pool,
    classes(at) {
      outlook.capacity(at)
      return reportClasses(pool.capacities.classes, profile, sizes, limits.maxBatch)
    },
    fanOut,
    expire(at, inclusive) {
      nowMs = at
      registry.expire(at, inclusive)
    },
    dispatch(at) {
      nowMs = at
      flights.sweep(at)
      results.look(at)
      lookMs = waiting.total === 0 ? Infinity : assigner.run(at)
    },
    nextWakeMs(at) {
      const dueMs = queries.at(0)?.deadlineMs ?? Infinity
      const next = Math.min(dueMs, flights.nextSweepMs(), results.nextMs())
      if (waiting.total === 0) return next
      outlook.capacity(at)
      return Math.min(next, lookMs, ready.nextMs(), pool.capacities.renewAtMs())
    },
    planned: () => outlook.planned(),
    bestInTime: (shape, at) => isBestInTime(outlook.pathsAt(at), shape),
    trust,
    memory: learned.memory,
    recall: learned.recall,
    check: () => check({ pool, waiting, flights, queries, counters }),
    stats: (at) =>
      results.complete(dispatcherStats(counters, waiting, pool.nodes.values(), shapes, at)),
  }
}
