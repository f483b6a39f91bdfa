/**
 * Scenarios and scripted schedulers that the tests of the simulator share.
 *
 * @module
 */
import type { Limits } from '../../src/policy/core/options.ts'
import { createPolicy, type Policy } from '../../src/peers/policies.ts'
import type { Answer, PolicyCommand, PolicyEvent, Scheduler } from '../../src/policy/core/types.ts'
import { createRandom } from '../../src/sim/random.ts'
import { initialRates, simulate } from '../../src/sim/run.ts'
import { checkScenario, type Scenario } from '../../src/sim/scenario.ts'

export const chain = {
  schema: 'shoal-pipeline/1',
  name: 'chain',
  sloMs: 250,
  root: 'find',
  tasks: {
    find: {
      next: ['name'],
      variants: {
        quick: { accuracy: 0.5, fanOut: { name: 2 } },
        exact: { accuracy: 1, fanOut: { name: 4 } },
      },
    },
    name: { variants: { quick: { accuracy: 0.75 }, exact: { accuracy: 1 } } },
  },
}

/** One task, one variant: what happens can be computed by hand. */
export const single = {
  schema: 'shoal-pipeline/1',
  name: 'single',
  sloMs: 250,
  root: 'find',
  tasks: { find: { variants: { exact: { accuracy: 0.9 } } } },
}

// deno-lint-ignore no-explicit-any
export type Given = { [field: string]: any }

export function scenarioJson(given: Given = {}): Given {
  return {
    schema: 'shoal-scenario/1',
    pipeline: chain,
    classes: {
      gpu: {
        latencyMs: { quick: { 1: 10, 4: 20 }, exact: { 1: 20, 4: 50 } },
        instancesPerNode: 'all',
        swapMs: 1000,
        roundTripMs: 4,
      },
    },
    pool: [{ class: 'gpu', count: 3 }],
    trace: { binSeconds: 1, rates: [20, 40, 20] },
    seed: 7,
    ...given,
  }
}

/** Nodes that hold both variants of a task, of {@linkcode chain} for one. */
export const tabs = {
  latencyMs: { quick: { 1: 10, 4: 20, 8: 36 }, exact: { 1: 20, 4: 50, 8: 90 } },
  ...{ instancesPerNode: 'all', swapMs: 0, roundTripMs: 4 },
}

export const scenarioOf = (given: Given = {}): Scenario =>
  checkScenario(scenarioJson(given), 'test')

/** What comes of a scenario with `shoal`, which is told what every policy is. */
export const runShoal = (scenario: Scenario, limits: Partial<Limits> = {}) =>
  simulate(
    scenario,
    createPolicy('shoal', {
      pipelines: scenario.workloads.map(({ pipeline }) => pipeline),
      initialRatePerS: initialRates(scenario),
      ...{ limits, prefer: scenario.prefer ?? 'frugal' },
    }),
  )

/** `shoal` that has to find out by itself what is asked. */
export const untold = ({ workloads, seed, prefer = 'frugal' }: Scenario): Policy =>
  createPolicy('shoal', {
    pipelines: workloads.map(({ pipeline }) => pipeline),
    ...{ seed, prefer, random: createRandom(seed) },
  })

/** A policy that answers each event with what `decide` says. */
export function scripted(
  decide: (event: PolicyEvent, nowMs: number) => PolicyCommand[],
): Policy & { seen: { event: PolicyEvent; atMs: number }[] } {
  const seen: { event: PolicyEvent; atMs: number }[] = []
  const scheduler: Scheduler = {
    handle(event, nowMs) {
      seen.push({ event, atMs: nowMs })
      return decide(event, nowMs)
    },
    plan: () => {
      throw new Error('has no plan')
    },
    stats: () => {
      throw new Error('has no stats')
    },
  }
  return { name: 'scripted', scheduler, seen }
}

export const done = (accuracy = 1): Answer => ({
  ok: true,
  accuracy,
  path: {},
  stages: [],
  items: [],
})

export const dropped: Answer = { ok: false, reason: 'deadline_exceeded', message: 'dropped' }

type Dispatch = Extract<PolicyCommand, { type: 'dispatch' }>

export const dispatchOf = (given: Partial<Dispatch>): Dispatch => ({
  type: 'dispatch',
  batch: 0,
  node: 'gpu-0',
  slot: 0,
  pipeline: 'single',
  task: 'find',
  variant: 'exact',
  items: [],
  deadlineMs: 0,
  expectedMs: 0,
  giveUpMs: 1e6,
  ...given,
})
