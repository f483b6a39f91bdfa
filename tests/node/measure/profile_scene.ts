/** A profiler on a clock that stands still, over variants whose single item takes so long. */
import {
  createProfiler,
  type ProfilePoint,
  type ProfilerOptions,
} from '../../../src/node/measure/profiler.ts'
import { createTestClock } from '../clock.ts'

export function profileScene(
  latencyMs: { [key: string]: number },
  options: Partial<ProfilerOptions> = {},
) {
  const clock = createTestClock()
  const runs: string[] = []
  const reports: { [key: string]: ProfilePoint[] }[] = []
  const state = { holdOffMs: 0 as number | undefined, singly: false, besideMs: 0 }
  const profiler = createProfiler({
    clock,
    duty: () => 1,
    maxProbeMs: 250,
    holdOffMs: () => state.holdOffMs,
    measure: (key, batch) =>
      new Promise((resolve) => {
        const rows = state.singly ? 1 : batch
        const runMs = latencyMs[key]! * rows
        clock.after(runMs, () => {
          runs.push(`${key}${batch}`)
          resolve({ runMs, rows, besideMs: state.besideMs })
        })
      }),
    report: (points) => void reports.push(Object.fromEntries(points)),
    ...options,
  })
  /** The figures as the coordinator has them now. */
  const told = (): { [key: string]: ProfilePoint[] } => Object.assign({}, ...reports)
  return { clock, profiler, runs, reports, state, told }
}
