/** What accuracy adds as a third lever: a surge that is met with other variants, threads and nodes. @module */
import { boundOf } from '../../bound.ts'
import type { Coefficients } from '../../../peers/scalers.ts'
import { elasticOf } from '../../elastic/shoal_scene.ts'
import { type ThemisData, windowPerS } from '../../elastic/themis_scenes.ts'
import { evalScenario } from '../../eval.ts'
import type { EvalData } from '../../eval_data.ts'
import { runPolicy } from '../../run_policy.ts'
import { checkScenario } from '../../scenario.ts'
import { limitOf } from '../lot_draws.ts'
import { percent } from '../rows.ts'
import { mean, tableOf } from './runs.ts'
import { COLD_MS } from './windows.ts'

type Json = ReturnType<typeof evalScenario>

/** Nodes that there are for each that the busiest second needs. */
const SPARE = 1.5
const FIRST_S = 5
const MOST_THREADS = 4
/** Of a desktop: 4 W while it waits, 10 W more for each of its processors that works. A guess. */
const POWER = { idleW: 4, busyW: 4 + 10 * MOST_THREADS, exponent: 1 }

/** Of a task only its most accurate variant of those that can be run. */
function bestAlone({ pipeline, ...rest }: Json): Json {
  const known = Object.values(rest.classes)[0]!.latencyMs
  const tasks = Object.entries(pipeline.tasks).map(([name, task]) => {
    const able = Object.entries(task.variants).filter(([variant]) => Object.hasOwn(known, variant))
    const [best] = able.sort(([, a], [, b]) => b.accuracy - a.accuracy)
    return [name, { ...task, variants: Object.fromEntries([best!]) }]
  })
  return { ...rest, pipeline: { ...pipeline, tasks: Object.fromEntries(tasks) } }
}

const poolOf = (json: Json, awake: number, cold: number, more: object = {}) => ({
  ...json,
  classes: Object.fromEntries(
    Object.entries(json.classes).map(([name, given]) => [name, { ...given, ...more }]),
  ),
  pool: [
    { class: 'homogeneous', count: awake },
    { class: 'homogeneous', count: cold, starts: 'cold' },
  ],
  elastic: true,
})

/** A detector gains from threads as Themis's detector does from cores, a classifier as its classifier. */
function threadsOf({ pipeline: { root, tasks } }: Json, { profiles }: ThemisData) {
  const [detector, classifier] = profiles.head.pipelines.video!.stages
  const coefficients: { [variant: string]: Coefficients } = {}
  for (const [name, { variants }] of Object.entries(tasks)) {
    const { alpha, beta, gamma, zeta } = name === root ? detector! : classifier!
    for (const variant of Object.keys(variants)) {
      coefficients[variant] = { alpha, beta, gamma, zeta }
    }
  }
  return { coefficients, most: MOST_THREADS }
}

export function accuracyTable(data: ThemisData, loki: EvalData, seeds: number): string[] {
  const perS = windowPerS(data, 'themis', 'head', 'video')
  const options = { name: 'figure5', instancesPerNode: 'all', ratePerS: 1, seconds: 1 } as const
  const { trace, ...rest } = evalScenario(loki, options)
  const all: Json = { ...rest, trace: { ...trace, rates: perS } }
  const best = bestAlone(all)
  const one = boundOf(checkScenario(poolOf(best, 1, 0), 'elastic'))
  const nodePerS = limitOf((rate) => one.served(rate) > 0.999)
  const nodesFor = (rate: number) => Math.ceil((rate + Math.sqrt(rate)) / nodePerS)
  const first = nodesFor(Math.max(...perS.slice(0, FIRST_S)))
  const most = nodesFor(Math.max(...perS))
  const cold = Math.ceil(SPARE * most) - first
  const levers = { coldMs: COLD_MS, swapMs: 0, threads: threadsOf(all, data), power: POWER }
  const rows: [what: string, json: object][] = [
    [`all variants, ${first} nodes of one thread`, poolOf(all, first, 0)],
    ['the best variants, threads, cold nodes', poolOf(best, first, cold, levers)],
    ['all variants, threads, cold nodes', poolOf(all, first, cold, levers)],
    [`all variants, ${most} nodes of one thread`, poolOf(all, most, 0)],
  ]
  return tableOf(
    ['what there is', 'violations %', 'accuracy %', 'core-seconds', 'most cores'],
    rows.map(([what, json]) => {
      const runs = Array.from({ length: seeds }, (_, i) => {
        const scenario = checkScenario({ ...json, seed: i + 1 }, 'elastic')
        const { result } = runPolicy(scenario, { policy: 'shoal' })
        return { ...elasticOf(result), accuracy: result.effectiveAccuracy }
      })
      const of = (pick: (run: typeof runs[number]) => number) => mean(runs.map(pick))
      return [
        ...[what, percent(of((run) => run.violationRatio)), percent(of((run) => run.accuracy))],
        ...[of((run) => run.coreSeconds).toFixed(0), of((run) => run.mostCores).toFixed(0)],
      ]
    }),
  )
}
