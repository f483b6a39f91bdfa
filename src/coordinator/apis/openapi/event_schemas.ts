/**
 * Schemas of events and of the history.
 *
 * @module
 */
import { z } from 'zod'
import type { HistoryInfo, MetricsEvent, NodesEvent, WorkEvent } from '../../../client/types.ts'
import { of } from './schemas.ts'

const ratio = z.number().min(0).max(1)
const ms = z.number().min(0)
const count = z.number().int().min(0)

export const nodesEvent = of<NodesEvent>()(z.object({
  nodes: z.array(z.object({
    id: z.string(),
    name: z.string(),
    change: z.enum(['joined', 'left', 'paused', 'state']),
    state: z.string().nullable(),
    class: z.string().nullable(),
    pausedBy: z.string().nullable(),
  })),
}))

export const metricsEvent = of<MetricsEvent>()(z.object({
  modelledW: z.number().min(0).meta({ description: 'What the pool takes now, modelled.' }),
  pipelines: z.record(
    z.string(),
    z.object({
      demandPerS: z.number(),
      servedPerS: z.number(),
      accuracy: ratio.nullable(),
      violationRatio: ratio.nullable(),
      inFlight: count,
      queued: count,
      latency: z.object({ p50Ms: ms, p95Ms: ms, p99Ms: ms }).nullable()
        .meta({ description: 'Of the answers of the last ten seconds.' }),
      modelledJPerQuery: z.number().min(0).nullable(),
    }),
  ),
}))

export const workEvent = of<WorkEvent>()(z.object({
  passedMs: ms,
  items: z.record(z.string(), count)
    .meta({ description: 'Items that each node was handed in that time, by id.' }),
}))

const series = z.object({
  stepMs: ms,
  pipelines: z.record(
    z.string(),
    z.object({
      demandPerS: z.array(z.number()),
      servedPerS: z.array(z.number()),
      accuracy: z.array(ratio.nullable()),
      violationRatio: z.array(ratio.nullable()),
      p50Ms: z.array(ms.nullable()),
      p95Ms: z.array(ms.nullable()),
      p99Ms: z.array(ms.nullable()),
    }),
  ),
})

export const history = of<HistoryInfo>()(z.object({
  seconds: series,
  minutes: series.meta({ description: 'The last minute is under way.' }),
  plans: z.array(z.object({
    epoch: count,
    mode: z.enum(['hardware', 'accuracy', 'saturated']),
    reason: z.string(),
    gap: z.number(),
    awake: count,
    standby: count,
    resting: count,
    agoMs: ms,
  })),
}))
