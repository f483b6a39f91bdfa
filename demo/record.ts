/**
 * What the demo found, as it is written in JSON and shown on the page.
 *
 * @module
 */
import { cpus } from 'node:os'
import type { Trace } from '../src/sim/scenario_schema.ts'
import type { Capacity } from './calibrate.ts'
import type { Played } from './play.ts'

export interface DemoRecord {
  schema: 'shoal-demo/1'
  pipeline: string
  sloMs: number
  seed: number
  machine: { processors: number; model: string }
  nodes: { name: string; runtime: string; backend: string; slots: number }[]
  capacity: Capacity
  demand: Trace
  /** Variants of each task, the most accurate first. */
  tasks: { [task: string]: string[] }
  /** In the order that they were played. */
  played: Played[]
  tookS: number
}

export function machine(): DemoRecord['machine'] {
  const all = cpus()
  return { processors: all.length, model: all[0]?.model ?? 'unknown' }
}
