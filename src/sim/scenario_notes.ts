/**
 * What of a scenario has no effect, and may be meant to have one: fields that there are not, and
 * variants that nothing in the pool can run. Both are agreed to be ignored; whoever wrote the file
 * is told.
 *
 * @module
 */
import { checkPipeline } from '../pipeline/parse.ts'
import type { Scenario } from './scenario.ts'
import { scenarioSchema } from './scenario_schema.ts'

/** Says what the file is about. */
const ABOUT = 'about'

/**
 * @param json what `scenario` was read from
 * @param readPipeline as of `parseScenario`
 */
export function notesOf(
  json: unknown,
  scenario: Scenario,
  readPipeline: (path: string) => string,
): string[] {
  const read = scenarioSchema.parse(json)
  const given = read.workloads?.map(({ pipeline }) => pipeline) ?? [read.pipeline!]
  const fields = strangeFields(json, read, '')
    .map((path) => `${path} is no field of a scenario: ignored`)
  const variants = scenario.workloads.flatMap((workload, i) => {
    const from = given[i]!
    const { tasks } = typeof from === 'string'
      ? checkPipeline(JSON.parse(readPipeline(from)), from)
      : checkPipeline(from, '')
    return Object.entries(tasks).flatMap(([task, { variants }]) =>
      Object.keys(variants)
        .filter((variant) => !Object.hasOwn(workload.pipeline.tasks[task]!.variants, variant))
        .map((variant) => `no class in the pool has latencies for ${task}/${variant}: not used`)
    )
  })
  return [...fields, ...variants]
}

/** Paths of what is given and was not read. */
function strangeFields(given: unknown, read: unknown, at: string): string[] {
  if (typeof given !== 'object' || typeof read !== 'object' || given === null || read === null) {
    return []
  }
  return Object.entries(given).flatMap(([name, value]) => {
    const path = at === '' ? name : `${at}.${name}`
    if (name === ABOUT) return []
    if (!Object.hasOwn(read, name)) return [path]
    return strangeFields(value, (read as { [name: string]: unknown })[name], path)
  })
}
