/**
 * Published evaluation data, as far as it is read, and what is made of it.
 *
 * @module
 */

import type { Prefer } from '../policy/core/elastic.ts'
import type { ThemisData } from './elastic/themis_scenes.ts'

type Points = readonly (number | null)[]

/** The fields of `loki-profiles.json` that are read. */
export interface EvalProfiles {
  batchSizes: number[]
  pipelines: {
    traffic_analysis: {
      sloMs: number
      multiplicativeFactors: { [variant: string]: { [child: string]: number } }
    }
  }
  tasks: { [task: string]: { [variant: string]: { accuracy: number; accuracyArtifact: number } } }
  profileSets: {
    [set: string]: {
      batchSizes?: number[]
      latencyMs: { [device: string]: { [variant: string]: Points | { p50: Points } } }
    }
  }
}

/** Of `loki-reference.json`. */
export interface EvalReference {
  endToEnd: { traffic_analysis: { demandQps: number[] } }
}

/** Of `twitter-trace.json`. */
export interface EvalTraces {
  traces: { [name: string]: { counts: number[] } }
}

export interface EvalData {
  profiles: EvalProfiles
  reference?: EvalReference
  traces?: EvalTraces
  /** Of the folder `themis` beside them. */
  themis?: ThemisData
}

/** @throws RangeError where profiles are without something that a scenario is made of */
export function foundIn<T>(of: { [name: string]: T }, name: string, where: string): T {
  if (Object.hasOwn(of, name)) return of[name]!
  throw new RangeError(
    `Cannot use loki-profiles.json: there is no ${name} in ${where}; make it with ` +
      'deno task import-eval',
  )
}

/** For suites that have no use for any. */
export const NO_DATA: EvalData = {
  profiles: {
    batchSizes: [],
    pipelines: { traffic_analysis: { sloMs: 0, multiplicativeFactors: {} } },
    tasks: {},
    profileSets: {},
  },
}

export interface EvalOptions {
  /**
   * `figure5`, `proteus` (the heterogeneous pool), the name of a Twitter trace, or `steps` or
   * `spikes`, which are made.
   */
  name: string
  /** `car`: object detection and car classification, as the artifact runs; `both`: faces, too. */
  branches?: 'car' | 'both'
  instancesPerNode?: number | 'all'
  accuracies?: 'corrected' | 'artifact'
  sloMs?: number
  /** Demand times this. */
  scale?: number
  /** A constant demand in place of the trace, for `seconds`. */
  ratePerS?: number
  seconds?: number
  /** Every so many seconds of the trace only: the same shape in less time, and steeper. */
  every?: number
  workers?: number
  seed?: number
  roundTripMs?: number
  /** See `duty` of a scenario's class. */
  duty?: number
  /** Half of the nodes of each class are so far away. */
  farMs?: number
  /** See `trace.together` of a scenario. */
  together?: number
  latencyCv?: number
  /** Again and again all nodes take so many times their usual latency for a moment. */
  slow?: { everyS: number; forS: number; times: number }
  fanOutSpread?: number
  /** See `timeoutsMs` of a scenario. */
  timeoutsMs?: [number, number]
  told?: { bias?: number; spread?: number; mean?: 'profile' | 'always'; largest?: number }
  churn?: { meanUptimeS: number; meanDowntimeS: number }
  /** What the pool is run for; fewest devices, as in the paper, where absent. */
  prefer?: Prefer
}
