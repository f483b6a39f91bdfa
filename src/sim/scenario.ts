/**
 * Reading a scenario: its shape by schema, then what a schema cannot say.
 *
 * @module
 */
import type { z } from 'zod'
import { firstFault, PipelineError } from '../pipeline/error.ts'
import { checkPipeline } from '../pipeline/parse.ts'
import type { Pipeline } from '../pipeline/schema.ts'
import { variantsOnPath } from '../pipeline/tree.ts'
import type { Prefer } from '../policy/core/elastic.ts'
import { ScenarioError } from './scenario_error.ts'
import {
  MOST_ITEMS,
  type NodeClass,
  scenarioSchema,
  type Starts,
  type Told,
  type Trace,
} from './scenario_schema.ts'

export interface Workload {
  /** Only with the variants that some class of the pool can run. */
  pipeline: Pipeline
  trace: Trace
}

export interface Scenario {
  workloads: Workload[]
  classes: { [name: string]: NodeClass }
  pool: { class: string; count: number; starts?: Starts }[]
  churn?: { meanUptimeS: number; meanDowntimeS: number }
  latencyCv: number
  fanOutSpread: number
  told?: Told
  /** Least and most of the time that a query has; absent where each has its pipeline's SLO. */
  timeoutsMs?: [number, number]
  prefer?: Prefer
  elastic?: boolean
  planDelayMs: number
  drift: { atS: number; node: string; slowness: number }[]
  seed: number
}

/**
 * Parses and checks the text of a scenario file.
 *
 * @param file only named in errors
 * @param readPipeline the text of a pipeline file that the scenario names
 * @throws ScenarioError, PipelineError
 */
export function parseScenario(
  text: string,
  file: string,
  readPipeline: (path: string) => string,
): Scenario {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new ScenarioError(file, '', `not JSON: ${(error as Error).message}`)
  }
  return checkScenario(json, file, readPipeline)
}

/** As {@linkcode parseScenario}, for what is parsed already. */
export function checkScenario(
  json: unknown,
  file: string,
  readPipeline: (path: string) => string = () => {
    throw new Error('no files can be read here')
  },
): Scenario {
  const parsed = scenarioSchema.safeParse(json)
  if (!parsed.success) {
    const { path, fault } = firstFault(parsed.error)
    throw new ScenarioError(file, path, fault)
  }
  const {
    pipeline,
    trace,
    workloads,
    churn,
    told,
    timeoutsMs,
    noise,
    classes,
    pool,
    prefer,
    elastic,
    ...rest
  } = parsed.data
  if (workloads === undefined && (pipeline === undefined || trace === undefined)) {
    throw new ScenarioError(file, '', 'needs pipeline and trace, or workloads')
  }
  if (workloads !== undefined && (pipeline !== undefined || trace !== undefined)) {
    throw new ScenarioError(file, 'workloads', 'stands in place of pipeline and trace: give one')
  }
  pool.forEach(({ class: name }, i) => {
    if (Object.hasOwn(classes, name)) return
    const known = Object.keys(classes).join(', ')
    throw new ScenarioError(file, `pool.${i}.class`, `names ${name}: there are ${known}`)
  })
  checkDrift(rest.drift, pool, file)
  const given = workloads ?? [{ pipeline: pipeline!, trace: trace! }]
  const inUse = pool.filter(({ count }) => count > 0).map((row) => classes[row.class]!)
  const ready = given.map((one, i) => ({
    pipeline: usable(
      readOne(one.pipeline, workloads === undefined ? 'pipeline' : `workloads.${i}.pipeline`),
      inUse,
      file,
    ),
    trace: one.trace,
  }))
  const fanOutSpread = noise?.fanOutSpread ?? 1
  ready.forEach(({ pipeline }) => checkFanOut(pipeline, fanOutSpread, file))
  ready.forEach(({ pipeline: { name } }, i) => {
    if (ready.findIndex((other) => other.pipeline.name === name) === i) return
    throw new ScenarioError(file, `workloads.${i}.pipeline`, `a second one is named ${name}`)
  })
  return {
    ...rest,
    ...churn === undefined ? {} : { churn },
    ...told === undefined ? {} : { told },
    ...timeoutsMs === undefined ? {} : { timeoutsMs },
    ...prefer === undefined ? {} : { prefer },
    ...elastic === undefined ? {} : { elastic },
    workloads: ready,
    classes,
    pool: pool.map(({ starts, ...row }) => ({ ...row, ...starts === undefined ? {} : { starts } })),
    latencyCv: noise?.latencyCv ?? 0,
    fanOutSpread,
  }

  function readOne(from: string | object, at: string): Pipeline {
    if (typeof from !== 'string') return checkPipeline(from, `${file} (${at})`)
    let text: string
    try {
      text = readPipeline(from)
    } catch (error) {
      throw new ScenarioError(file, at, `cannot read ${from}: ${(error as Error).message}`)
    }
    try {
      return checkPipeline(JSON.parse(text), from)
    } catch (error) {
      if (error instanceof PipelineError) throw error
      throw new ScenarioError(file, at, `${from} is not JSON: ${(error as Error).message}`)
    }
  }
}

function checkFanOut({ tasks }: Pipeline, spread: number, file: string): void {
  for (const [task, { variants }] of Object.entries(tasks)) {
    for (const [variant, { fanOut = {} }] of Object.entries(variants)) {
      for (const [child, mean] of Object.entries(fanOut)) {
        if (mean * Math.max(1, spread) ** 2 <= MOST_ITEMS) continue
        throw new ScenarioError(
          file,
          `tasks.${task}.variants.${variant}.fanOut.${child}`,
          `times the square of noise.fanOutSpread (from 1 on) must be ${MOST_ITEMS} at most: ` +
            `received ${mean} and ${spread}`,
        )
      }
    }
  }
}

/** Nodes are named by class and number, from 0: `gpu-0`. */
export const nodeName = (className: string, index: number) => `${className}-${index}`

function checkDrift(
  drift: readonly { node: string }[],
  pool: readonly { class: string; count: number }[],
  file: string,
): void {
  if (drift.length === 0) return
  const names = new Set<string>()
  const next = new Map<string, number>()
  for (const row of pool) {
    for (let i = 0; i < row.count; i++) {
      const index = next.get(row.class) ?? 0
      next.set(row.class, index + 1)
      names.add(nodeName(row.class, index))
    }
  }
  drift.forEach(({ node }, i) => {
    if (names.has(node)) return
    throw new ScenarioError(file, `drift.${i}.node`, `there is no node ${node} in the pool`)
  })
}

/** The latencies of a variant on a class; by task and variant first, then by variant alone. */
export function pointsOf(
  { latencyMs }: Pick<NodeClass, 'latencyMs'>,
  task: string,
  variant: string,
): z.infer<typeof scenarioSchema>['classes'][string]['latencyMs'][string] | undefined {
  const key = `${task}/${variant}`
  if (Object.hasOwn(latencyMs, key)) return latencyMs[key]
  return Object.hasOwn(latencyMs, variant) ? latencyMs[variant] : undefined
}

/** Without the variants that no class in the pool has latencies for. */
function usable(pipeline: Pipeline, classes: readonly NodeClass[], file: string): Pipeline {
  const tasks: Pipeline['tasks'] = {}
  for (const [task, { variants, ...rest }] of Object.entries(pipeline.tasks)) {
    const kept = Object.entries(variants).filter(([variant]) =>
      classes.some((one) => pointsOf(one, task, variant) !== undefined)
    )
    if (kept.length === 0) {
      const fault = `no class in the pool has latencies for a variant of task ${task}`
      throw new ScenarioError(file, 'classes', fault)
    }
    tasks[task] = { ...rest, variants: Object.fromEntries(kept) }
  }
  const { pathAccuracy, ...rest } = pipeline
  const left = { ...rest, tasks }
  const paths = pathAccuracy?.filter(({ path }) => variantsOnPath(left, path) > 0)
  return { ...left, ...paths === undefined ? {} : { pathAccuracy: paths } }
}
