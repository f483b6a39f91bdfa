/**
 * The controller that all peers share: demand, learned fan-out, plans every ten seconds and on
 * change, routing tables every second.
 *
 * @module
 */
import type { Plan, PolicyCommand } from '../policy/core/types.ts'
import { assign } from './assign.ts'
import type { Model, PipelineModel, Task, Variant } from './model.ts'
import { createObserved } from './observed.ts'
import type { Allocation, Problem, Strategy } from './strategy.ts'
import { mostAccurateFirst, type Tables } from './tables.ts'
import { isReady, type Worker } from './worker.ts'

export interface ControllerParts {
  model: Model
  strategy: Strategy
  initialRatePerS: { [pipeline: string]: number }
  random: () => number
  workers(): readonly Worker[]
  emit(command: PolicyCommand): void
  give(worker: Worker, target: { variant: Variant; batch: number } | null, nowMs: number): void
}

export interface Controller {
  arrived(pipeline: PipelineModel, nowMs: number): void
  came(task: Task, count: number, nowMs: number): void
  handed(variant: Variant, counts: readonly number[]): void
  /** Nodes came, went or changed: a new plan is due; as soon as time allows. */
  changed(): void
  /** Workers became ready or unready. */
  stale(): void
  tables(): Tables
  tick(nowMs: number): void
  nextTickMs(): number
  /** What the plan of this number is to be made for; undefined where it was not asked for of late. */
  problem(epoch: number): Problem | undefined
  /** The plan of what came out. */
  settle(epoch: number, allocation: Allocation | undefined): Plan
  solve(epoch: number): Plan
  apply(epoch: number, nowMs: number): void
  plan(): Plan
}

const PLAN_MS = 10_000
const TICK_MS = 1000
/** "When demand changes significantly": against the demand that the last plan was made for. */
const SIGNIFICANT = 0.1
const LEAST_GAP_MS = 1000
/** A plan that was given up is not heard of again. */
const MOST_PROBLEMS = 64

export function createController(parts: ControllerParts): Controller {
  const { model, strategy, emit } = parts
  const seen = createObserved(model, parts.initialRatePerS)
  const problems = new Map<number, Problem>()
  const solved = new Map<number, Allocation | undefined>()
  let epoch = 0
  let isChanged = false
  let pendingMs: number | null = null
  let askedMs = -Infinity
  let planned: Map<PipelineModel, number> | undefined
  let current: Allocation | undefined
  let currentEpoch = 0
  let tables: Tables | null = null
  let tableMs = 0
  let nextTickMs = 0

  function problemOf(nowMs: number): Problem {
    const counts = new Map<Worker['class'], number>()
    let roundTripMs = 0
    const usable = parts.workers().filter(({ paused }) => !paused)
    for (const worker of usable) {
      counts.set(worker.class, (counts.get(worker.class) ?? 0) + 1)
      roundTripMs += worker.roundTripMs / usable.length
    }
    return {
      epoch,
      model,
      classes: [...counts].map(([device, count]) => ({ class: device, count })),
      roundTripMs,
      ...seen.snapshot(nowMs),
    }
  }

  function isSignificant(nowMs: number): boolean {
    return planned === undefined || model.pipelines.some((pipeline) => {
      const before = planned!.get(pipeline)!
      return Math.abs(seen.ratePerS(pipeline, nowMs) - before) > SIGNIFICANT * Math.max(before, 1)
    })
  }

  function ask(nowMs: number): void {
    epoch++
    const problem = problemOf(nowMs)
    isChanged = false
    askedMs = nowMs
    if (problem.classes.length === 0) return
    pendingMs = nowMs
    planned = problem.ratePerS
    problems.set(epoch, problem)
    if (problems.size > MOST_PROBLEMS) problems.delete(problems.keys().next().value!)
    emit({ type: 'solve', epoch })
  }

  function planOf(allocation: Allocation | undefined, of: number): Plan {
    const workers = parts.workers()
    const used = allocation?.groups.reduce((sum, { count }) => sum + count, 0) ?? 0
    const usable = workers.filter(({ paused }) => !paused).length
    const { mode = 'saturated', objective = 0, bound = 0, mix = [] } = allocation ?? {}
    return {
      epoch: of,
      mode,
      objective,
      bound,
      gap: bound > 0 ? Math.max(0, (bound - objective) / bound) : 0,
      reason: allocation?.reason ??
        'No plan: no variant can keep the deadline, or no node is there',
      solveMs: 0,
      mix,
      instances: allocation?.groups.map(({ class: { name }, variant, count }) => ({
        ...variant.ref,
        class: name,
        count,
      })) ?? [],
      awake: used,
      standby: Math.max(0, usable - used),
      resting: workers.length - usable,
    }
  }

  function settle(of: number, allocation: Allocation | undefined): Plan {
    problems.delete(of)
    solved.set(of, allocation)
    return planOf(allocation, of)
  }

  return {
    arrived: seen.arrived,
    came: seen.came,
    handed: seen.handed,
    changed() {
      isChanged = true
      tables = null
    },
    stale: () => void (tables = null),
    tables: () =>
      tables ??= mostAccurateFirst({
        model,
        workers: parts.workers().filter(isReady),
        ratePerS: (pipeline) => seen.ratePerS(pipeline, tableMs),
        factor: seen.factor,
        cap: strategy.routerCap,
        leftover: strategy.leftover,
        balanced: strategy.balanced ?? false,
        random: parts.random,
      }),
    tick(nowMs) {
      tableMs = nowMs
      const due = nowMs >= nextTickMs
      if (due) {
        nextTickMs = (Math.floor(nowMs / TICK_MS) + 1) * TICK_MS
        tables = null
      }
      if (pendingMs !== null && nowMs - pendingMs < PLAN_MS) return
      const first = current === undefined
      if (!first && nowMs - askedMs < LEAST_GAP_MS) return
      const wanted = isChanged || first ||
        strategy.replans && due && (nowMs - askedMs >= PLAN_MS || isSignificant(nowMs))
      if (wanted && parts.workers().length > 0 && (!first || nowMs > askedMs)) ask(nowMs)
    },
    nextTickMs: () => nextTickMs,
    problem: (of) => problems.get(of),
    settle,
    solve(of) {
      const problem = problems.get(of)
      return settle(of, problem && strategy.allocate(problem))
    },
    apply(of, nowMs) {
      const allocation = solved.get(of)
      solved.delete(of)
      pendingMs = null
      if (allocation === undefined || of < currentEpoch) return
      current = allocation
      currentEpoch = of
      const targets = assign(allocation, parts.workers().filter(({ paused }) => !paused))
      for (const [worker, target] of targets) parts.give(worker, target, nowMs)
      tables = null
    },
    plan: () => planOf(current, currentEpoch),
  }
}
