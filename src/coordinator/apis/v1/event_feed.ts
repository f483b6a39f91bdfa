/**
 * The next event of one listener of `/v1/events`: the difference between the state now and the
 * state sent before, so that a slow listener misses steps and never falls behind.
 *
 * @module
 */
import type {
  LatencyPercentiles,
  MetricsEvent,
  NodeChange,
  NodeInfo,
  NodesEvent,
  PipelineMetrics,
  PlanInfo,
  WorkEvent,
} from '../../../client/types.ts'
import type { SchedulerStats } from '../../../policy/core/types.ts'
import type { EnergyReading } from '../../observe/energy/meter.ts'

/** The state of the pool. */
export interface Standing {
  atMs: number
  plan: PlanInfo
  nodes: readonly NodeInfo[]
  pipelines: SchedulerStats['pipelines']
  /** By pipeline. */
  latency: Record<string, LatencyPercentiles | null>
  energy: EnergyReading
  /** Items that each node got so far, by id. */
  items: Record<string, number>
}

export type FeedEvent =
  | { event: 'plan'; data: PlanInfo }
  | { event: 'node'; data: NodesEvent }
  | { event: 'metrics'; data: MetricsEvent }
  | { event: 'work'; data: WorkEvent }

const METRICS_MS = 1000
/** Time between events of shares: those of a thousand nodes are many bytes. */
const WORK_MS = 5000
/** The mix of paths moves with each query: a smaller step of its shares sends no event. */
const SHARE_STEP = 0.05

/** The key of a plan: plans of one key look the same to listeners. */
function keyOf({ epoch, mode, reason, mix, instances, awake, standby, resting }: PlanInfo): string {
  const shares = mix.map(({ pipeline, path, share }) => [
    pipeline,
    ...path,
    Math.round(share / SHARE_STEP),
  ])
  return JSON.stringify([epoch, mode, reason, shares, instances, awake, standby, resting])
}

/** @returns the next event worth sending, if any: of several the kind that waits the longest */
export function createEventFeed(): (now: Standing) => FeedEvent | undefined {
  let sentPlan: string | undefined
  const sentNodes = new Map<string, Pick<NodeInfo, 'name' | 'state' | 'class' | 'pausedBy'>>()
  let sentStats: Standing | undefined
  let sentWork: Standing | undefined
  /** Whether the last event had shares of work; the first event is sent without any, too. */
  let worked = true
  /** Kinds in the order of their turn. */
  const turns: FeedEvent['event'][] = ['plan', 'node', 'metrics', 'work']

  function plan({ plan }: Standing): FeedEvent | undefined {
    const key = keyOf(plan)
    if (key === sentPlan) return undefined
    sentPlan = key
    return { event: 'plan', data: plan }
  }

  function node({ nodes }: Standing): FeedEvent | undefined {
    const changes: NodeChange[] = []
    const gone = new Set(sentNodes.keys())
    for (const { id, name, state, pausedBy, class: kind } of nodes) {
      gone.delete(id)
      const before = sentNodes.get(id)
      const same = before?.state === state && before.class === kind && before.name === name
      if (same && before.pausedBy === pausedBy) continue
      sentNodes.set(id, { name, state, class: kind, pausedBy })
      const change = before === undefined ? 'joined' : state === 'paused' ? 'paused' : 'state'
      changes.push({ id, name, change, state, class: kind, pausedBy })
    }
    for (const id of gone) {
      changes.push({
        id,
        name: sentNodes.get(id)!.name,
        change: 'left',
        state: null,
        class: null,
        pausedBy: null,
      })
      sentNodes.delete(id)
    }
    return changes.length === 0 ? undefined : { event: 'node', data: { nodes: changes } }
  }

  function metrics(now: Standing): FeedEvent | undefined {
    const before = sentStats
    if (before !== undefined && now.atMs - before.atMs < METRICS_MS) return undefined
    sentStats = now
    const pipelines: MetricsEvent['pipelines'] = {}
    for (const [name, stats] of Object.entries(now.pipelines)) {
      pipelines[name] = {
        ...metricsOf(stats, before?.pipelines[name], now.atMs - (before?.atMs ?? 0)),
        latency: now.latency[name] ?? null,
        modelledJPerQuery: joulesPerQuery(now.energy, before?.energy, name),
      }
    }
    return { event: 'metrics', data: { modelledW: now.energy.modelledW, pipelines } }
  }

  function work(now: Standing): FeedEvent | undefined {
    const before = sentWork
    if (before !== undefined && now.atMs - before.atMs < WORK_MS) return undefined
    sentWork = now
    if (before === undefined) return undefined
    const items: WorkEvent['items'] = {}
    for (const [id, count] of Object.entries(now.items)) {
      // A node that joined again counts from 0.
      const had = before.items[id] ?? 0
      const more = count >= had ? count - had : count
      if (more > 0) items[id] = more
    }
    if (Object.keys(items).length === 0 && !worked) return undefined
    worked = Object.keys(items).length > 0
    return { event: 'work', data: { passedMs: Math.round(now.atMs - before.atMs), items } }
  }

  const kinds = { plan, node, metrics, work }
  return (now) => {
    for (const kind of turns) {
      const event = kinds[kind](now)
      if (event === undefined) continue
      turns.push(...turns.splice(turns.indexOf(kind), 1))
      return event
    }
    return undefined
  }
}

function joulesPerQuery(now: EnergyReading, before: EnergyReading | undefined, pipeline: string) {
  const one = now.pipelines[pipeline]
  const then = before?.pipelines[pipeline]
  const answered = (one?.answered ?? 0) - (then?.answered ?? 0)
  return answered > 0 ? ((one?.answeredJ ?? 0) - (then?.answeredJ ?? 0)) / answered : null
}

type Counts = SchedulerStats['pipelines'][string]

const sum = (counts: { [name: string]: number }) =>
  Object.values(counts).reduce((total, count) => total + count, 0)

/** Rates and ratios over the time since `before`; none in the first event. */
function metricsOf(
  now: Counts,
  before: Counts | undefined,
  passedMs: number,
): Omit<PipelineMetrics, 'latency' | 'modelledJPerQuery'> {
  const since = before ?? now
  const onTime = now.onTime - since.onTime
  const violations = sum(now.failed) - sum(since.failed)
  const ended = onTime + violations
  return {
    demandPerS: (now.arrived - since.arrived) * 1000 / passedMs,
    servedPerS: onTime * 1000 / passedMs,
    accuracy: onTime > 0 ? (now.accuracySum - since.accuracySum) / onTime : null,
    violationRatio: ended > 0 ? violations / ended : null,
    inFlight: now.inFlight,
    queued: sum(now.queued),
  }
}
