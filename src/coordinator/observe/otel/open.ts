/**
 * Exports a pool's queries to a collector.
 *
 * @module
 */
import type { Scheduler, SchedulerStats } from '../../../policy/core/types.ts'
import type { Telemetry } from '../metrics/telemetry.ts'
import type { OtelApi } from './api.ts'
import { alsoMeasured } from './instruments.ts'
import { createTraces } from './traces.ts'

export interface OtelParts {
  scheduler: Pick<Scheduler, 'stats'>
  telemetry: Telemetry
  now: () => number
}

/** Classes of nodes change slowly: all are read at once, at most this often. */
const CLASSES_MS = 1000

export function openOtel(api: OtelApi, { scheduler, telemetry, now }: OtelParts) {
  let nodes: SchedulerStats['nodes'] = {}
  let readMs = -Infinity

  function classOf(node: string): string {
    if (now() - readMs > CLASSES_MS || nodes[node] === undefined) {
      nodes = scheduler.stats().nodes
      readMs = now()
    }
    return nodes[node]?.class ?? 'default'
  }

  return {
    traces: createTraces({ api, now, classOf }),
    telemetry: alsoMeasured(api, telemetry),
  }
}
