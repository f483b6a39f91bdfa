/**
 * Results over seeds: mean, least and most.
 *
 * @module
 */
import type { Bound } from '../bound.ts'
import type { SimulationResult } from '../result.ts'

export interface Spread {
  mean: number
  min: number
  max: number
}

/** One case with one policy, over its seeds. */
export interface Row {
  table: string
  row: string
  policy: string
  seeds: number
  /** Root queries of a run, in the mean. */
  roots: number
  demandPerS: number
  violationRatio: Spread
  effectiveAccuracy: Spread
  meanActiveNodes: Spread
  planSolveMsP95: Spread
  /** Means over the seeds; only where what is in use is counted. */
  inUse?: { joulesPerAnswer: number; p95LatencyMs: number; awakeNodes: number; busySlots: number }
  bound?: Bound
  wholeNodes?: Bound
  /** Measured on this machine: seconds of a run, calls of `handle` and the time within them. */
  tookS: Spread
  calls: number
  handleMs: number
  /** What the machine took for a yardstick then, in nanoseconds; only where times count. */
  yardstickNs?: number
  /** Runs in which the scheduler did something that it should not, by what it was. */
  faults: { [what: string]: number }
}

export interface Outcome {
  result: Omit<SimulationResult, 'timeline' | 'workloads'> & Partial<SimulationResult>
  seconds: number
  faults: { [what: string]: number }
  tookS: number
  calls: number
  handleMs: number
  yardstickNs?: number
}

export function spreadOf(values: readonly number[]): Spread {
  return {
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    min: Math.min(...values),
    max: Math.max(...values),
  }
}

export function rowOf(
  about: Pick<Row, 'table' | 'row' | 'policy' | 'bound' | 'wholeNodes'>,
  outcomes: readonly Outcome[],
): Row {
  const of = (pick: (outcome: Outcome) => number) => spreadOf(outcomes.map(pick))
  const faults: Row['faults'] = {}
  for (const outcome of outcomes) {
    for (const [what, count] of Object.entries(outcome.faults)) {
      faults[what] = (faults[what] ?? 0) + count
    }
  }
  const roots = of(({ result }) => result.roots).mean
  return {
    ...about,
    seeds: outcomes.length,
    roots,
    demandPerS: roots / outcomes[0]!.seconds,
    violationRatio: of(({ result }) => result.violationRatio),
    effectiveAccuracy: of(({ result }) => result.effectiveAccuracy),
    meanActiveNodes: of(({ result }) => result.meanActiveNodes),
    planSolveMsP95: of(({ result }) => result.planSolveMsP95),
    tookS: of(({ tookS }) => tookS),
    calls: of(({ calls }) => calls).mean,
    handleMs: of(({ handleMs }) => handleMs).mean,
    ...inUseOf(outcomes),
    ...outcomes[0]!.yardstickNs === undefined
      ? {}
      : { yardstickNs: of(({ yardstickNs = 0 }) => yardstickNs).mean },
    faults,
  }
}

function inUseOf(outcomes: readonly Outcome[]): Pick<Row, 'inUse'> {
  const runs = outcomes.flatMap(({ result: { elastic, onTime }, seconds }) =>
    elastic === undefined ? [] : [{ ...elastic, onTime, seconds }]
  )
  if (runs.length === 0) return {}
  const of = (pick: (run: typeof runs[number]) => number) => spreadOf(runs.map(pick)).mean
  return {
    inUse: {
      joulesPerAnswer: of(({ joules, onTime }) => joules / Math.max(1, onTime)),
      p95LatencyMs: of(({ p95LatencyMs }) => p95LatencyMs),
      awakeNodes: of(({ awakeNodeS, seconds }) => awakeNodeS / seconds),
      busySlots: of(({ busySlotS, seconds }) => busySlotS / seconds),
    },
  }
}

/** The rows of a case: the whole, and where several pipelines share the pool each of them. */
export function rowsOfCase(
  about: Parameters<typeof rowOf>[0],
  outcomes: readonly Outcome[],
): Row[] {
  const { bound: _, wholeNodes: __, ...part } = about
  const pipelines = outcomes[0]!.result.workloads ?? []
  return [
    rowOf(about, outcomes),
    ...pipelines.map(({ pipeline }, i) =>
      rowOf(
        { ...part, row: partOf(about.row, pipeline) },
        outcomes.map((one) => ({
          ...one,
          faults: {},
          result: { ...one.result, ...one.result.workloads![i]! },
        })),
      )
    ),
  ]
}

/** What the row of one pipeline is named. */
export const partOf = (row: string, pipeline: string): string => `${row}: ${pipeline}`

/** The row of this policy and label; undefined where the suite did not run it. */
export const rowAt = (rows: readonly Row[], row: string, policy: string): Row | undefined =>
  rows.find((one) => one.row === row && one.policy === policy)

export const percent = (share: number, digits = 2): string => (share * 100).toFixed(digits)

/** Of a row that was read back from a page. */
const LEAST_SHOWN = 0.5e-5

/** `12 times fewer than`, in words; a count of none is taken as below one in all that were asked. */
export function timesFewer(ours: Row, theirs: Row): string {
  const asked = ours.roots * ours.seeds
  const floor = asked > 0 ? 1 / asked : LEAST_SHOWN
  const times = theirs.violationRatio.mean / Math.max(ours.violationRatio.mean, floor)
  const text = (value: number) => value.toFixed(value < 10 ? 1 : 0)
  if (times < 1) return `${text(1 / Math.max(times, floor))} times as many as`
  return `${ours.violationRatio.mean < floor ? 'over ' : ''}${text(times)} times fewer than`
}
