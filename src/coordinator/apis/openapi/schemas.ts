/**
 * Answers of `/v1` as schemas for the OpenAPI document. Each is checked against the type that the
 * client exports: a field more or less on either side does not compile.
 *
 * @module
 */
import { z } from 'zod'
import type {
  ErrorBody,
  ErrorReason,
  InferAnswer,
  NodeInfo,
  PipelineInfo,
  PlanInfo,
  StageReport,
  StatsInfo,
  VariantRuling,
} from '../../../client/types.ts'
import { REASONS } from '../../core/api_error.ts'
import type { Reloaded } from '../v1/admin_routes.ts'

type Same<A, B> = [A] extends [B] ? [B] extends [A] ? true : false : false
/** Compiles where the schema has exactly this type. */
export const of =
  <T>() => <S extends z.ZodType>(schema: Same<z.output<S>, T> extends true ? S : never): S => schema

const ratio = z.number().min(0).max(1)
const ms = z.number().min(0)
const count = z.number().int().min(0)
const bytes = z.number().int().min(0)
const joules = z.number().min(0)
const seconds = z.number().min(0)

export const errorBody = of<ErrorBody>()(z.object({
  error: z.string().meta({ description: 'For people: what was wrong and what to do.' }),
  reason: z.enum(REASONS as [ErrorReason, ...ErrorReason[]])
    .meta({ description: 'Stable, to be switched on.' }),
}))

const stage = of<StageReport>()(z.object({
  task: z.string(),
  variant: z.string(),
  node: z.string().meta({ description: "The node's name." }),
  backend: z.string(),
  batch: count.meta({ description: 'Items in the whole batch.' }),
  items: count.meta({ description: 'Items of this query among them.' }),
  queueMs: ms,
  networkMs: ms,
  computeMs: ms,
}))

export const inferAnswer = of<InferAnswer>()(z.object({
  id: z.string(),
  pipeline: z.string(),
  version: count.meta({ description: 'Each reload that changes a pipeline makes one more.' }),
  outputs: z.record(z.string(), z.array(z.unknown()))
    .meta({ description: 'The lists that the pipeline file names; of `ocr`: `lines`.' }),
  accuracy: ratio.meta({ description: 'Mean path accuracy over the leaf items.' }),
  deadlineMs: ms.meta({ description: 'The budget granted, from the arrival of the query.' }),
  latencyMs: ms,
  path: z.record(z.string(), z.record(z.string(), count))
    .meta({ description: 'Items served per task and variant.' }),
  stages: z.array(stage),
  modelledJ: joules.meta({
    description:
      'Joules that its batches took, its share of each by items: modelled, not measured.',
  }),
  verified: z.boolean().exactOptional().meta({
    description: 'Whether a known party said or confirmed all of it. Absent where nobody checks.',
  }),
  generated: z.object({
    finish: z.enum(['stop', 'length']),
    promptTokens: count,
    completionTokens: count,
  }).exactOptional().meta({ description: 'Of the task that generates.' }),
}))

const model = z.object({ sha256: z.string(), bytes })

export const pipelines = of<{ pipelines: PipelineInfo[] }>()(z.object({
  pipelines: z.array(z.object({
    name: z.string(),
    version: count,
    takes: z.enum(['picture', 'tensors', 'text', 'document']).meta({
      description: 'What a query brings.',
    }),
    generates: z.boolean().meta({ description: 'Whether its text can be had as it comes.' }),
    sloMs: ms,
    weight: z.number(),
    root: z.string(),
    tasks: z.record(
      z.string(),
      z.object({
        next: z.array(z.string()),
        variants: z.record(
          z.string(),
          z.object({
            accuracy: ratio,
            fanOut: z.record(z.string(), z.number()).exactOptional(),
            model: model.exactOptional(),
          }),
        ),
      }),
    ),
    bestAccuracy: ratio,
  })),
}))

export const reloaded = of<Reloaded>()(z.object({
  pipeline: z.string(),
  version: count,
  changed: z.boolean(),
}))

const nodeUse = z.object({ slots: count, duty: ratio, threads: count })

export const nodeInfo = of<NodeInfo>()(z.object({
  id: z.string(),
  name: z.string(),
  runtime: z.enum(['deno', 'browser']),
  state: z.string().meta({
    description: '`active`, `standby`, `resting`, `paused` or `quarantined`.',
  }),
  backend: z.string(),
  backendReason: z.string().nullable(),
  threadsPerRun: count,
  fallbacks: z.array(z.object({
    pipeline: z.string(),
    task: z.string(),
    variant: z.string(),
    backend: z.string(),
    backendReason: z.string(),
  })),
  device: z.object({
    vendor: z.string(),
    architecture: z.string(),
    description: z.string(),
    software: z.boolean(),
    maxBufferSize: bytes,
    maxStorageBufferBindingSize: bytes,
    shaderF16: z.boolean(),
  }).nullable(),
  code: z.boolean().meta({ description: 'Whether it runs programs that pipelines bring.' }),
  class: z.string(),
  instances: count.meta({ description: 'Variants held warm, summed over slots.' }),
  slots: count.meta({ description: 'That its volunteer lends.' }),
  duty: ratio.meta({ description: 'Share of the time that its volunteer lends.' }),
  limit: nodeUse.meta({ description: 'What may be in use, with threads of one run.' }),
  inUse: nodeUse.meta({ description: 'What is; with no slots the node rests.' }),
  cold: z.boolean().meta({ description: 'Nothing is downloaded there until it is needed.' }),
  trust: ratio.meta({
    description: 'Share of its results that are taken unchecked: 0 of a new node, 1 of an own one.',
  }),
  trustReason: z.string().nullable(),
  memoryBytes: bytes.nullable(),
  slotMemoryBytes: bytes.nullable(),
  downloads: z.enum(['all', 'least']),
  pausedBy: z.string().nullable().meta({
    description: 'Why it takes no work: `volunteer`, `battery`, `hidden`, `coordinator`, ...',
  }),
  roundTripMs: ms.nullable(),
  bytesSent: bytes,
  bytesReceived: bytes,
  progress: z.object({ label: z.string(), done: bytes, total: bytes }).nullable(),
  profile: z.object({
    remembered: z.boolean(),
    measuredAt: z.string().nullable(),
    reason: z.string(),
  }).nullable(),
}))

export const nodes = z.object({ nodes: z.array(nodeInfo) })
export const changedNode = z.object({ node: nodeInfo.nullable() })

const ruled = of<VariantRuling[]>()(z.array(z.object({
  pipeline: z.string(),
  task: z.string(),
  variant: z.string(),
  ruling: z.enum(['pinned', 'forbidden']),
})))
export const rulings = z.object({ rulings: ruled })

export const plan = of<PlanInfo>()(z.object({
  epoch: count,
  mode: z.enum(['hardware', 'accuracy', 'saturated']),
  objective: z.number(),
  bound: z.number(),
  gap: z.number(),
  reason: z.string(),
  solveMs: ms,
  mix: z.array(z.object({ pipeline: z.string(), path: z.array(z.string()), share: z.number() })),
  instances: z.array(z.object({
    pipeline: z.string(),
    task: z.string(),
    variant: z.string(),
    class: z.string(),
    count,
  })),
  awake: count,
  standby: count,
  resting: count,
  rulings: ruled.meta({ description: 'What whoever runs the coordinator said of variants.' }),
}))

const counts = z.record(z.string(), count)

export const stats = of<StatsInfo>()(z.object({
  uptimeMs: count,
  listeners: count.meta({ description: 'Of `/v1/events`.' }),
  pipelines: z.record(
    z.string(),
    z.object({
      arrived: count,
      onTime: count,
      failed: counts.meta({ description: 'Answered without a result, by reason.' }),
      cancelled: count,
      inFlight: count,
      queued: counts.meta({ description: 'Items waiting, by task.' }),
      accuracySum: z.number().meta({ description: 'By `onTime` it is the effective accuracy.' }),
      busySlotS: seconds,
      modelledJ: joules.meta({ description: 'Of all its batches, checks among them.' }),
      modelledJPerQuery: joules.nullable().meta({
        description: 'Mean over the queries that got a result.',
      }),
    }),
  ),
  energy: z.object({
    awakeNodeS: seconds,
    busySlotS: seconds,
    modelledJ: joules,
    modelledW: z.number().min(0).meta({ description: 'Now.' }),
  }).meta({
    description: 'Seconds are counted; joules and watts are modelled from them, not measured.',
  }),
  nodes: z.record(
    z.string(),
    z.object({
      class: z.string(),
      state: z.enum(['active', 'standby', 'resting', 'paused']),
      instances: count,
      batches: count,
      items: count,
      trust: z.object({
        standing: z.enum(['own', 'trusted', 'proving', 'quarantined']),
        trust: ratio,
        reason: z.string(),
        passed: count,
        failed: count,
        slowerThanSaid: z.number(),
      }).exactOptional(),
    }),
  ),
  batchCloses: counts,
  extra: z.object({
    ...{ items: count, replicas: count, canaries: count, hedges: count, audits: count },
  })
    .exactOptional()
    .meta({ description: 'Items of queries, and items run besides, by what for.' }),
}))
