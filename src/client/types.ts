/**
 * The `/v1` API as types: what the coordinator answers and what applications read.
 *
 * @module
 */
import type { EnergyInfo, PipelineEnergy } from './energy_types.ts'
import type { ExtraWorkInfo, NodeTrustInfo } from './trust_types.ts'

export * from './answer_types.ts'
export type { EnergyInfo, PipelineEnergy } from './energy_types.ts'

export interface PipelineInfo {
  name: string
  version: number
  /** What a query brings. */
  takes: 'picture' | 'tensors' | 'text' | 'document'
  /** Whether its text can be had as it comes. */
  generates: boolean
  sloMs: number
  weight: number
  root: string
  tasks: Record<
    string,
    {
      next: string[]
      variants: Record<string, {
        accuracy: number
        fanOut?: Record<string, number>
        /** The file that a node downloads for it. */
        model?: { sha256: string; bytes: number }
      }>
    }
  >
  /** Accuracy of the best path. */
  bestAccuracy: number
}

export interface DeviceInfo {
  vendor: string
  architecture: string
  description: string
  /** It runs on the processor. */
  software: boolean
  maxBufferSize: number
  maxStorageBufferBindingSize: number
  shaderF16: boolean
}

export interface NodeInfo {
  id: string
  name: string
  runtime: 'deno' | 'browser'
  state: string
  backend: string
  /** Why that backend, in one sentence, if the node says so. */
  backendReason: string | null
  /** Threads inside one run of a model. */
  threadsPerRun: number
  /** Variants that run on another backend than the node, and why. */
  fallbacks: {
    pipeline: string
    task: string
    variant: string
    backend: string
    backendReason: string
  }[]
  /** What WebGPU says of its device; sizes in bytes. */
  device: DeviceInfo | null
  /** Whether it runs programs that pipelines bring. */
  code: boolean
  class: string
  /** Variants held warm, summed over slots. */
  instances: number
  /** That its volunteer lends, and share of the time. */
  slots: number
  duty: number
  /** What may be in use of it; less than that where whoever runs the coordinator said so. */
  limit: NodeUse
  inUse: NodeUse
  /** Nothing is downloaded there until it is needed. */
  cold: boolean
  /**
   * Share of its results that are taken unchecked, 0..1: 0 of a new node and of one in `state`
   * `quarantined`, 1 of the coordinator's own and where nobody is checked.
   */
  trust: number
  /** Why, in words; null where nobody is checked. */
  trustReason: string | null
  /** What its volunteer lets it take in all, and one slot of it hold in models, if it says so. */
  memoryBytes: number | null
  slotMemoryBytes: number | null
  /** `least`: on a link that may cost, only the smallest model of each task is downloaded. */
  downloads: 'all' | 'least'
  /** Why it takes no work, as `volunteer`, `battery`, `hidden`, `pressure`. */
  pausedBy: string | null
  /** Round trip of a bare message, and bytes on the link so far. */
  roundTripMs: number | null
  bytesSent: number
  bytesReceived: number
  /** Where its latencies are from; null before the first. `measuredAt` is ISO 8601. */
  profile: { remembered: boolean; measuredAt: string | null; reason: string } | null
  /** What it is downloading, if it says so. */
  progress: { label: string; done: number; total: number } | null
}

/** Slots, the share of the time that they work, and the threads of one run. */
export interface NodeUse {
  slots: number
  duty: number
  threads: number
}

export interface PlanInfo {
  epoch: number
  mode: 'hardware' | 'accuracy' | 'saturated'
  objective: number
  bound: number
  gap: number
  reason: string
  solveMs: number
  mix: { pipeline: string; path: string[]; share: number }[]
  instances: { pipeline: string; task: string; variant: string; class: string; count: number }[]
  awake: number
  standby: number
  resting: number
  /** What whoever runs the coordinator said of variants; empty where nothing. */
  rulings: VariantRuling[]
}

/** Pinned, a variant alone serves its task; forbidden, it serves nothing. */
export interface VariantRuling {
  pipeline: string
  task: string
  variant: string
  ruling: 'pinned' | 'forbidden'
}

/** `GET /v1/stats`: counters since the start, and how things stand. */
export interface StatsInfo {
  uptimeMs: number
  /** Of `/v1/events`. */
  listeners: number
  pipelines: {
    [pipeline: string]: {
      arrived: number
      onTime: number
      /** Answered without a result, by reason. */
      failed: { [reason: string]: number }
      cancelled: number
      inFlight: number
      /** Items waiting, by task. */
      queued: { [task: string]: number }
      /** Divided by `onTime` it is the effective accuracy. */
      accuracySum: number
    } & PipelineEnergy
  }
  energy: EnergyInfo
  nodes: {
    [node: string]: {
      class: string
      state: 'active' | 'standby' | 'resting' | 'paused'
      instances: number
      batches: number
      items: number
      /** Absent where nobody is checked. */
      trust?: NodeTrustInfo
    }
  }
  /** Why batches were closed at the size they had. */
  batchCloses: { [reason: string]: number }
  /** Absent where nothing is run twice. */
  extra?: ExtraWorkInfo
}

/** What became of a node, in an event `node`. */
export interface NodeChange {
  id: string
  name: string
  change: 'joined' | 'left' | 'paused' | 'state'
  /** As in {@linkcode NodeInfo}; null of one that left. */
  state: string | null
  class: string | null
  pausedBy: string | null
}

/** `event: node` of `/v1/events`: all that changed since the last; at first all nodes as `joined`. */
export interface NodesEvent {
  nodes: NodeChange[]
}

/** Of one pipeline, since the last such event. */
export interface PipelineMetrics {
  /** Queries per second that arrived, and that were answered in time. */
  demandPerS: number
  servedPerS: number
  /** Mean over those answered in time, 0..1; null where there were none. */
  accuracy: number | null
  /** Share of those ended that got no result in time; null where none ended. */
  violationRatio: number | null
  /** Queries inside, and items waiting. */
  inFlight: number
  queued: number
  /** Of the answers of the last ten seconds; null where there were none. */
  latency: LatencyPercentiles | null
  /** Mean of what the queries answered in that time took, modelled; null where there were none. */
  modelledJPerQuery: number | null
}

/** From the arrival of a query to its answer, of those that got a result; within 2.5 %. */
export interface LatencyPercentiles {
  p50Ms: number
  p95Ms: number
  p99Ms: number
}

/** `event: metrics` of `/v1/events`, once a second. `event: plan` carries a {@linkcode PlanInfo}. */
export interface MetricsEvent {
  /** What the pool takes now, modelled. */
  modelledW: number
  pipelines: Record<string, PipelineMetrics>
}

/** `event: work` of `/v1/events`, after five seconds, then every five in which there was some. */
export interface WorkEvent {
  passedMs: number
  /** Items that each node was handed in that time, by id; one that had none is absent. */
  items: Record<string, number>
}

/** Columns of equal length, the newest last; null where there was nothing to tell. */
export interface MetricsSeries {
  demandPerS: number[]
  servedPerS: number[]
  accuracy: (number | null)[]
  violationRatio: (number | null)[]
  p50Ms: (number | null)[]
  p95Ms: (number | null)[]
  p99Ms: (number | null)[]
}

export interface PlanChange extends
  Pick<
    PlanInfo,
    'epoch' | 'mode' | 'reason' | 'gap' | 'awake' | 'standby' | 'resting'
  > {
  agoMs: number
}

/** `GET /v1/history`: five minutes by the second, an hour by the minute. */
export interface HistoryInfo {
  seconds: { stepMs: number; pipelines: Record<string, MetricsSeries> }
  /** The last minute is under way. */
  minutes: { stepMs: number; pipelines: Record<string, MetricsSeries> }
  /** The oldest first. */
  plans: PlanChange[]
}
