/**
 * `deno task bench live [--pipeline DIR] [--queries N] [--policy static,shoal] [--trace FILE]`: real
 * nodes, real models, queries at random moments; demand in steps from well below what the most
 * accurate path carries to several times that, and back, with a jump to four times within a moment.
 *
 * What counts is what the client sees: an answer after the deadline, a refusal or an error is a
 * violation. `--from FILE` goes on with what `--json FILE` wrote: other rules, or steps that are left
 * because `--for` ended, told of the same profiles.
 *
 * @module
 */
import { isOnTime, tally } from '../../../demo/load/tally.ts'
import type { Scene } from '../../../demo/scene.ts'
import type { Scheduler } from '../../policy/core/types.ts'
import { OCR } from '../../cli/serve/serving.ts'
import { askAll } from '../asked.ts'
import { sumOf, watching } from '../tools.ts'
import { createObserver } from './observe.ts'
import { measureProfiles, profileGiver, type Profiles } from './profile.ts'
import { countsOf, type LiveRun, mustBeAlike, type Part, portable } from './record.ts'
import { profilesOf, readLiveRun } from './record.ts'
import { type Row, rowOf, shown } from './rows.ts'
import { setStage, type Stage } from './scene.ts'
import {
  ARRIVALS,
  jumpOf,
  MULTIPLES,
  type Step,
  stepAt,
  stepsOf,
  traceOf,
  within,
} from './steps.ts'

export interface LiveOptions {
  pipeline?: string
  queries?: number
  policies?: readonly string[]
  trace?: string
  multiples?: readonly number[]
  /** For all steps of one policy: queries are cut down to it. */
  budgetS?: number
  /** For the steps of one policy in this call; those left are for a later one. */
  forS?: number
  tabs?: number
  nodes?: number
  from?: string
}

const QUERIES = 200
const BUDGET_S = 800
const SAMPLE_MS = 250
/** How the capacity of static is measured: with so much under way for each slot, for so long. */
const AT_ONCE = 3
const CAPACITY_S = 12
const WARM_S = 3
const JUMP_S = 5

async function askClosed(stage: Stage, scene: Scene, atOnce: number, seconds: number) {
  const order = {
    ...{ url: scene.coordinator.localUrl, pipeline: stage.pipeline.pipeline.name },
    // A deadline that no wait behind others can miss.
    ...{ atOnce, seconds, timeoutMs: 60_000 },
  }
  return tally(await askAll(order, stage.bodies), 60_000)
}

/** What static carries when it always has more to do. */
async function capacityOf(stage: Stage, profiles: Profiles): Promise<number> {
  const scene = await stage.open(
    'static',
    (scheduler, nameOf) => profileGiver(profiles, nameOf)(scheduler),
  )
  try {
    const slots = sumOf(scene.coordinator.pool.nodes().map((node) => node.slots))
    // Warm first: plans settle, code is compiled.
    await askClosed(stage, scene, slots, WARM_S)
    return (await askClosed(stage, scene, AT_ONCE * slots, CAPACITY_S)).onTimePerS
  } finally {
    await scene.end()
  }
}

async function climb(
  stage: Stage,
  scene: Scene,
  steps: readonly Step[],
  begins: (step: number) => void,
) {
  const { pool, localUrl: url } = scene.coordinator
  const { name: pipeline, sloMs } = stage.pipeline.pipeline
  const samples = steps.map(() => ({ active: 0, count: 0 }))
  const endS = steps.at(-1)!.fromS + steps.at(-1)!.seconds
  let startMs = performance.now()
  let told = -1
  let timer: ReturnType<typeof setInterval> | undefined

  function look(): void {
    const passedS = (performance.now() - startMs) / 1000
    if (passedS >= endS) return
    const step = stepAt(steps, passedS)
    if (step !== told) {
      const { ratePerS, seconds } = steps[step]!
      console.log(
        `  step ${step + 1} of ${steps.length}: ${ratePerS.toFixed(2)}/s for ${seconds} s`,
      )
      told = step
      begins(step)
    }
    const sample = samples[step]!
    sample.count++
    sample.active += pool.nodes().filter(({ state }) => state === 'active').length
  }

  const order = { url, pipeline, trace: traceOf(steps), ...ARRIVALS }
  const asked = await askAll(order, stage.bodies, () => {
    startMs = performance.now()
    timer = setInterval(look, SAMPLE_MS)
  }).finally(() => clearInterval(timer))
  const bySteps = Map.groupBy(asked, ({ dueMs }) => stepAt(steps, dueMs / 1000))
  const rows = steps.map((one, i) => {
    const { active, count } = samples[i]!
    return rowOf(bySteps.get(i) ?? [], one, sloMs, active / count)
  })
  return { rows, asked }
}

/** Plays the steps to one policy; `steps` begin at 0 s. */
async function runPart(
  stage: Stage,
  policy: string,
  steps: readonly Step[],
  profiles: Profiles,
  traceFile?: string,
): Promise<{ rows: Row[]; part: Omit<Part, 'first'> }> {
  const lines: string[] = []
  const observer = createObserver()
  const scene = await stage.open(policy, (scheduler, nameOf) => {
    const watched = observer.wrap(profileGiver(profiles, nameOf)(scheduler), nameOf)
    return traceFile === undefined ? watched : traced(watched, lines)
  })
  try {
    const { sloMs } = stage.pipeline.pipeline
    await askClosed(stage, scene, scene.coordinator.pool.nodes().length, WARM_S)
    const { rows, asked } = await climb(stage, scene, steps, observer.step)
    console.table(rows.map(shown))
    const jump = steps[jumpOf(steps)]
    const jumpers = asked.filter(({ dueMs }) =>
      jump !== undefined && dueMs >= 1000 * jump.fromS && dueMs < 1000 * (jump.fromS + JUMP_S)
    )
    const violated = jumpers.filter((one) => !isOnTime(one, sloMs)).length
    if (jump !== undefined) {
      console.log(`first ${JUMP_S} s of the jump: ${violated} of ${jumpers.length} violated`)
    }
    if (traceFile !== undefined) {
      const all = [...lines, ...asked.map((one) => JSON.stringify(one))]
      await Deno.writeTextFile(`${traceFile}.${policy}`, all.join('\n') + '\n')
    }
    return {
      rows,
      part: {
        count: rows.length,
        jump: jump === undefined ? null : { queries: jumpers.length, violated },
        observed: observer.observed(profiles),
      },
    }
  } finally {
    await scene.end()
  }
}

/** Adds what the scheduler hears and says, a line of JSON each; bodies are left out. */
function traced(scheduler: Scheduler, lines: string[]): Scheduler {
  const note = (way: 'in' | 'out') => ({ type, ...what }: { type: string }, nowMs: number) => {
    if (type === 'wake' || type === 'wake_at') return
    const short = (name: string, value: unknown) =>
      ['payload', 'result', 'outcomes', 'children'].includes(name) ? undefined : value
    lines.push(JSON.stringify({ t: Math.round(nowMs * 10) / 10, [way]: type, ...what }, short))
  }
  return watching(scheduler, note('in'), note('out'))
}

export async function benchLive(options: LiveOptions = {}) {
  const { queries = QUERIES, policies = ['static', 'shoal'], budgetS = BUDGET_S } = options
  const before = options.from === undefined ? undefined : await readLiveRun(options.from)
  const dir = before?.pipeline ?? options.pipeline ?? OCR
  const usual = before === undefined ? { tabs: 0, nodes: 2 } : countsOf(before)
  const { tabs = usual.tabs, nodes = usual.nodes } = options
  const stage = await setStage(dir, { tabs, nodes })
  try {
    if (before !== undefined) mustBeAlike(options.from!, before, stage.nodes)
    console.log(`nodes: ${stage.nodes.join(', ')}`)
    const profiles = before === undefined ? await measureProfiles(stage) : profilesOf(before)
    const carriedPerS = before?.carriedPerS ?? await capacityOf(stage, profiles)
    console.log(
      `static, the most accurate path, carries ${carriedPerS.toFixed(2)} queries a second`,
    )
    const { tasks, sloMs } = stage.pipeline.pipeline
    if (!(carriedPerS > 0)) {
      throw new RangeError(
        `Cannot make steps of what static carries: nothing, on ${stage.nodes.length} slots for ` +
          `${Object.keys(tasks).length} tasks. Raise --nodes or --tabs`,
      )
    }
    const made = stepsOf(options.multiples ?? MULTIPLES, carriedPerS, queries, budgetS)
    if (before === undefined && made.queries < queries) {
      console.log(`this machine is slow: ${made.queries} queries a step instead of ${queries}`)
    }
    const steps = before?.steps ?? made.steps
    const runs: LiveRun['policies'] = { ...before?.policies }
    for (const policy of policies) {
      const { rows, parts } = runs[policy] ?? { rows: [], parts: [] }
      const left = within(steps.slice(rows.length), options.forS ?? Infinity)
      if (left.length === 0) continue
      console.log(policy)
      const more = await runPart(stage, policy, left, profiles, options.trace)
      runs[policy] = {
        rows: [...rows, ...more.rows],
        parts: [...parts, { first: rows.length, ...more.part }],
      }
    }
    return {
      ...{ pipeline: portable(dir), nodes: stage.nodes, carriedPerS, sloMs, steps },
      profiles: Object.fromEntries(
        [...profiles].map(([node, rows]) => [node, [...rows.values()]]),
      ),
      policies: runs,
    } satisfies LiveRun
  } finally {
    await stage.end()
  }
}
