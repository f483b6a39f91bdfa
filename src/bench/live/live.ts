/**
 * `deno task bench live [--pipeline DIR] [--queries N] [--policy static,shoal]`: real nodes, real models,
 * queries at random moments; demand in steps from well below what the most accurate path carries to
 * several times that, and back, with a jump to four times within a moment.
 *
 * What counts is what the client sees: an answer after the deadline, a refusal or an error is a
 * violation.
 * @module
 */
import { resolve } from 'node:path'
import { isOnTime, tally } from '../../../demo/load/tally.ts'
import type { Scene } from '../../../demo/scene.ts'
import { OCR } from '../../cli/serve/serving.ts'
import { askAll } from '../asked.ts'
import type { BenchOptions } from '../options.ts'
import { ending, sumOf } from '../tools.ts'
import { createObserver } from './observe.ts'
import { measureProfiles, profileGiver, type Profiles } from './profile.ts'
import type { LiveRun, PolicyRun } from './record.ts'
import { rowOf, shown } from './rows.ts'
import { setStage, type Stage } from './scene.ts'
import { ARRIVALS, jumpOf, MULTIPLES, type Step, stepAt, stepsOf, traceOf } from './steps.ts'

const QUERIES = 200
/** For all steps of one policy: queries are cut down to it. */
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
  await using _ = ending(scene)
  const slots = sumOf(scene.coordinator.pool.nodes().map((node) => node.slots))
  // Warm first: plans settle, code is compiled.
  await askClosed(stage, scene, slots, WARM_S)
  return (await askClosed(stage, scene, AT_ONCE * slots, CAPACITY_S)).onTimePerS
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

/** Plays all steps to one policy. */
async function play(
  stage: Stage,
  policy: string,
  steps: readonly Step[],
  profiles: Profiles,
): Promise<PolicyRun> {
  console.log(policy)
  const observer = createObserver()
  const scene = await stage.open(
    policy,
    (scheduler, nameOf) => observer.wrap(profileGiver(profiles, nameOf)(scheduler), nameOf),
  )
  await using _ = ending(scene)
  const { sloMs } = stage.pipeline.pipeline
  await askClosed(stage, scene, scene.coordinator.pool.nodes().length, WARM_S)
  const { rows, asked } = await climb(stage, scene, steps, observer.step)
  console.table(rows.map(shown))
  const jump = steps[jumpOf(steps)]
  if (jump !== undefined) {
    const [fromMs, toMs] = [1000 * jump.fromS, 1000 * (jump.fromS + JUMP_S)]
    const jumpers = asked.filter(({ dueMs }) => dueMs >= fromMs && dueMs < toMs)
    const violated = jumpers.filter((one) => !isOnTime(one, sloMs)).length
    console.log(`first ${JUMP_S} s of the jump: ${violated} of ${jumpers.length} violated`)
  }
  return { rows, observed: observer.observed(profiles) }
}

export async function bench(options: BenchOptions = {}): Promise<LiveRun> {
  const { pipeline: dir = OCR, queries = QUERIES, multiples = MULTIPLES } = options
  const { policies = ['static', 'shoal'], tabs = 0, nodes = 2 } = options
  const stage = await setStage(dir, { tabs, nodes })
  await using _ = ending(stage)
  console.log(`nodes: ${stage.nodes.join(', ')}`)
  const profiles = await measureProfiles(stage)
  const carriedPerS = await capacityOf(stage, profiles)
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
  const made = stepsOf(multiples, carriedPerS, queries, BUDGET_S)
  if (made.queries < queries) {
    console.log(`this machine is slow: ${made.queries} queries a step instead of ${queries}`)
  }
  const runs: LiveRun['policies'] = {}
  for (const policy of policies) runs[policy] = await play(stage, policy, made.steps, profiles)
  return {
    ...{ pipeline: resolve(dir), carriedPerS, sloMs, steps: made.steps },
    ...{ profiles, policies: runs },
  }
}
