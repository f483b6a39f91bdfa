/**
 * Counts seconds that nodes were awake and slots busy, and models their energy. It reads the
 * scheduler's events and commands, and changes none of them.
 *
 * A node is awake while the scheduler may give it work, and while it does some. While any of its
 * slots has a batch, these batches share the power of the device in equal parts, for as long as
 * each was computed; items of a batch share its part equally. The power of an awake node that
 * computes nothing counts for the pool, not for queries. The coordinator, its auditor and lost
 * batches are not counted.
 *
 * @module
 */
import type { EnergyInfo, PipelineEnergy } from '../../../client/energy_types.ts'
import { publicName } from '../../../pipeline/version.ts'
import type { Power } from '../../../policy/core/elastic.ts'
import { createTable } from '../../../policy/core/table.ts'
import type {
  BatchId,
  NodeId,
  PolicyCommand,
  PolicyEvent,
  QueryId,
  Scheduler,
} from '../../../policy/core/types.ts'
import { wattsOf } from './power.ts'

interface Flight {
  batch: BatchId
  node: NodeId
  slot: number
  pipeline: string
  queries: QueryId[]
  /** Whether no query waits for the batch: its node may never report the end. */
  cancelled: boolean
}

interface Node {
  /** As last reported. */
  power: Power
  slots: number
  paused: boolean
  resting: boolean
  /** Energy that a slot busy all the time would have taken by then. */
  counted: Mark
  running: Slot[]
}

interface Slot {
  /** Batches in the order in which they were sent: the first runs. */
  flights: Flight[]
  /** Since when the first batch runs. */
  since: Mark
}

interface Mark {
  atMs: number
  /** Its part of the device's energy, and of the energy beyond the device's power at rest. */
  partJ: number
  extraJ: number
}

interface Query {
  pipeline: string
  modelledJ: number
}

export interface EnergyReading extends EnergyInfo {
  pipelines: Record<string, PipelineEnergy & { answered: number; answeredJ: number }>
}

export interface Meter {
  /** The scheduler, with its events and commands read. */
  over(scheduler: Pick<Scheduler, 'handle'>): Pick<Scheduler, 'handle'>
  /** Called once for each query. Its joules; 0 where no batch of it was counted. */
  answered(query: QueryId, withResult: boolean): number
  read(nowMs: number): EnergyReading
}

/** @param powerOf the power of a node that is here */
export function createMeter(powerOf: (node: NodeId) => Power | undefined): Meter {
  const nodes = new Map<NodeId, Node>()
  const flights = createTable<BatchId, Flight>()
  const queries = createTable<QueryId, Query>()
  const pipelines = new Map<string, EnergyReading['pipelines'][string]>()
  const total = { awakeNodeS: 0, busySlotS: 0, modelledJ: 0 }
  const ofPipeline = (name: string) => {
    const key = publicName(name)
    const found = pipelines.get(key)
    if (found !== undefined) return found
    const none = { busySlotS: 0, modelledJ: 0, modelledJPerQuery: null, answered: 0, answeredJ: 0 }
    pipelines.set(key, none)
    return none
  }

  /** Counts the time of a node up to now, before its state changes. */
  function count(id: NodeId, node: Node, nowMs: number): void {
    const { power, slots, counted: { atMs, partJ, extraJ } } = node
    const passedS = Math.max(0, nowMs - atMs) / 1000
    const busy = busySlots(node)
    if (isAwake(node)) {
      total.awakeNodeS += passedS
      total.modelledJ += passedS * power.idleW
    }
    const each = busy === 0 ? 0 : passedS / busy
    const watts = wattsOf(power, busy, slots)
    node.counted = {
      ...{ atMs: nowMs, partJ: partJ + each * watts },
      extraJ: extraJ + each * (watts - power.idleW),
    }
    node.power = powerOf(id) ?? power
  }

  /** @param computeMs time by the node's report; undefined where there is none */
  function ended(batch: BatchId, nowMs: number, computeMs: number | undefined): void {
    const flight = flights.get(batch)
    const node = flight && nodes.get(flight.node)
    if (flight === undefined || node === undefined) return
    count(flight.node, node, nowMs)
    const slot = node.running[flight.slot]!
    const { since } = slot
    forget(slot, flight, node.counted, computeMs)
    // A batch cannot take longer than since its sending, or the end of the one before.
    const mostMs = nowMs - since.atMs
    if (computeMs === undefined || !(mostMs > 0)) return
    const tookMs = Math.min(computeMs, mostMs)
    const partJ = (node.counted.partJ - since.partJ) * tookMs / mostMs
    const busyS = tookMs / 1000
    total.busySlotS += busyS
    total.modelledJ += (node.counted.extraJ - since.extraJ) * tookMs / mostMs
    const pipeline = ofPipeline(flight.pipeline)
    pipeline.busySlotS += busyS
    pipeline.modelledJ += partJ
    for (const id of flight.queries) {
      const query = queries.get(id)
      if (query !== undefined) query.modelledJ += partJ / flight.queries.length
    }
  }

  function forget(slot: Slot, flight: Flight, now: Mark, computeMs = 0): void {
    const at = slot.flights.indexOf(flight)
    // A slot runs its batches in order: cancelled batches before this one have ended, too.
    const hasEnded = (one: Flight, i: number) => one === flight || (i < at && one.cancelled)
    const isNext = slot.flights.every((one, i) => i >= at || one.cancelled)
    for (const [i, one] of slot.flights.entries()) if (hasEnded(one, i)) flights.delete(one.batch)
    slot.flights = slot.flights.filter((one, i) => !hasEnded(one, i))
    // A batch that did not run, as one too late in its queue, leaves the one before it running.
    if (isNext || computeMs > 0) slot.since = now
  }

  function saw(event: PolicyEvent, nowMs: number): void {
    switch (event.type) {
      case 'query_arrived':
        return queries.set(event.query, { pipeline: event.pipeline, modelledJ: 0 })
      case 'query_cancelled':
        return void queries.delete(event.query)
      case 'batch_finished':
      case 'batch_failed':
        return ended(event.batch, nowMs, event.computeMs)
      case 'node_joined': {
        if (event.judge) return
        leave(event.node, nowMs)
        const power = powerOf(event.node)
        if (power === undefined) return
        return void nodes.set(event.node, {
          ...{ power, slots: event.slots, paused: false, resting: event.cold === true },
          running: [],
          counted: { atMs: nowMs, partJ: 0, extraJ: 0 },
        })
      }
      case 'node_reported': {
        const node = nodes.get(event.node)
        if (node === undefined) return
        count(event.node, node, nowMs)
        node.slots = event.slots ?? node.slots
        node.paused = event.paused ?? node.paused
        return
      }
      case 'node_left':
        return leave(event.node, nowMs)
    }
  }

  function leave(id: NodeId, nowMs: number): void {
    const node = nodes.get(id)
    if (node === undefined) return
    count(id, node, nowMs)
    for (const slot of node.running) {
      for (const { batch } of slot?.flights ?? []) flights.delete(batch)
    }
    nodes.delete(id)
  }

  function did(command: PolicyCommand, nowMs: number): void {
    switch (command.type) {
      case 'dispatch': {
        const { batch, node: id, slot, pipeline, items } = command
        const node = nodes.get(id)
        if (node === undefined) return
        count(id, node, nowMs)
        const queries = items.map(({ query }) => query)
        const flight = { batch, node: id, slot, pipeline, queries, cancelled: false }
        flights.set(batch, flight)
        const one = node.running[slot] ??= { flights: [], since: node.counted }
        if (one.flights.length === 0) one.since = node.counted
        return void one.flights.push(flight)
      }
      case 'cancel_batch': {
        const flight = flights.get(command.batch)
        if (flight !== undefined) flight.cancelled = true
        return
      }
      case 'scale': {
        const node = nodes.get(command.node)
        if (node === undefined) return
        count(command.node, node, nowMs)
        node.resting = command.slots === 0
        return
      }
    }
  }

  return {
    over: (scheduler) => ({
      handle(event, nowMs, more) {
        saw(event, nowMs)
        const commands = scheduler.handle(event, nowMs, more)
        for (const command of commands) did(command, nowMs)
        return commands
      },
    }),

    answered(id, withResult) {
      const query = queries.get(id)
      if (query === undefined) return 0
      queries.delete(id)
      if (withResult) {
        const pipeline = ofPipeline(query.pipeline)
        pipeline.answered++
        pipeline.answeredJ += query.modelledJ
      }
      return query.modelledJ
    },

    read(nowMs) {
      let modelledW = 0
      for (const [id, node] of nodes) {
        count(id, node, nowMs)
        if (isAwake(node)) modelledW += wattsOf(node.power, busySlots(node), node.slots)
      }
      return {
        ...total,
        modelledW,
        pipelines: Object.fromEntries(
          [...pipelines].map(([name, one]) => [name, {
            ...one,
            modelledJPerQuery: one.answered === 0 ? null : one.answeredJ / one.answered,
          }]),
        ),
      }
    },
  }
}

const isAwake = (node: Node): boolean => !(node.paused || node.resting) || busySlots(node) > 0

function busySlots({ running }: Node): number {
  let busy = 0
  for (const slot of running) if (slot !== undefined && slot.flights.length > 0) busy++
  return busy
}
