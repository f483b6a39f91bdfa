/** What benchmarks are asked for. @module */
import type { ONLY } from './documents/params.ts'

export interface BenchOptions {
  /** Folder of a pipeline; `ocr` where absent. */
  pipeline?: string
  /** In all, of a step, or at once. */
  queries?: number
  policies?: readonly string[]
  multiples?: readonly number[]
  tabs?: number
  nodes?: number
  /** What `deno task bench live --json FILE` wrote. */
  from?: string
  /** Where a picture goes. */
  svg?: string
  seconds?: number
  minutes?: number
  pages?: number
  only?: (typeof ONLY)[number]
  starts?: number
  /** Loops beside it that keep a processor busy each. */
  busy?: number
}
