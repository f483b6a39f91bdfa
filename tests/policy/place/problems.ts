/**
 * Random problems: trees of 1 to 4 levels, pools of 1 to 40 slots in 1 to 6 classes that hold one,
 * some or all variants, several pipelines, demands from zero to far beyond capacity.
 *
 * @module
 */
import fc from 'fast-check'
import type { PlaceClass, PlacePipeline, Problem } from '../../../src/policy/place/problem.ts'

type Draw = fc.GeneratorValue

const MAX_TASKS = 7
const BATCHES = [1, 2, 4, 8]
/** Rates for each variant and slot if a slot holds one. */
const ONE_BYTES = 10e6

const int = (g: Draw, min: number, max: number) => g(fc.integer, { min, max })
const pick = <T>(g: Draw, of: readonly T[]): T => of[int(g, 0, of.length - 1)]!
const between = (g: Draw, from: number, to: number) => from + (to - from) * int(g, 0, 1000) / 1000
/** Evenly over orders of magnitude. */
const logBetween = (g: Draw, from: number, to: number) =>
  Math.exp(between(g, Math.log(from), Math.log(to)))

/** A pipeline, and for each variant the time of an item on the reference machine. */
interface Made {
  pipeline: PlacePipeline
  costs: { task: string; variant: string; ms: number }[]
}

function makePipeline(g: Draw, name: string, most: number): Made {
  const tasks: PlacePipeline['tasks'] = {}
  const costs: Made['costs'] = []
  let count = 0
  const add = (depth: number): string => {
    const task = `t${count++}`
    const children: string[] = []
    const wanted = depth >= 4 ? 0 : pick(g, [0, 1, 1, 1, 2, 3])
    for (let i = 0; i < wanted && count < most; i++) children.push(add(depth + 1))
    const variants: PlacePipeline['tasks'][string]['variants'] = {}
    const base = logBetween(g, 1, 60)
    const kinds = int(g, 1, 4)
    for (let v = 0; v < kinds; v++) {
      // More accurate variants are mostly slower.
      const accuracy = Math.min(1, 0.5 + 0.5 * (v + 1) / kinds * between(g, 0.8, 1))
      const fanOut = Object.fromEntries(
        children.map((child) => [child, pick(g, [0, 0.3, 1, 1, 2, 5, 18])]),
      )
      variants[`${task}v${v}`] = { accuracy, fanOut }
      costs.push({ task, variant: `${task}v${v}`, ms: base * (1 + v * between(g, 0.2, 2)) })
    }
    tasks[task] = { next: children, variants }
    return task
  }
  const root = add(1)
  const sloMs = Math.round(logBetween(g, 60, 5000))
  return {
    pipeline: { name, weight: pick(g, [1, 1, 0.5, 3]), sloMs, ratePerS: 0, root, tasks },
    costs,
  }
}

export function makeProblem(g: Draw): Problem {
  const pipelines = int(g, 1, 3)
  const made = Array.from(
    { length: pipelines },
    (_, p) => makePipeline(g, `p${p}`, Math.ceil(MAX_TASKS / pipelines)),
  )
  const classCount = int(g, 1, 6)
  const everyone = made.flatMap(({ pipeline, costs }) =>
    costs.map((cost) => ({ ...cost, pipeline: pipeline.name, memoryBytes: int(g, 1, 10) * 1e6 }))
  )
  const all = everyone.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0)
  let left = int(g, 1, 40)
  const classes: PlaceClass[] = []
  for (let c = 0; c < classCount; c++) {
    const slots = c === classCount - 1 ? left : int(g, 0, left)
    left -= slots
    const speed = logBetween(g, 0.3, 5)
    const holds = pick(g, ['one', 'some', 'all'])
    const [fixed, misses] = [between(g, 0, 3), pick(g, [0, 0, 0.2])]
    classes.push({
      name: `c${c}`,
      slots,
      dutySum: slots * pick(g, [1, 1, 0.5]),
      memoryBytes: holds === 'some'
        ? Math.max(10e6, all * between(g, 0.15, 0.8))
        : holds === 'one'
        ? ONE_BYTES
        : Infinity,
      networkMs: pick(g, [0, 2, 15]),
      able: everyone.filter(() => misses === 0 || between(g, 0, 1) > misses)
        .map(({ pipeline, task, variant, memoryBytes, ms }) => ({
          ...{ pipeline, task, variant },
          memoryBytes: holds === 'one' ? ONE_BYTES : memoryBytes,
          points: BATCHES.map((batch) => ({
            batch,
            latencyMs: fixed + ms * speed * (0.3 + 0.7 * batch),
          })),
        })),
    })
  }
  // Roughly the time of one slot of medium speed for one query of the first pipeline.
  const slots = classes.reduce((sum, one) => sum + one.slots, 0)
  for (const { pipeline, costs } of made) {
    const meanMs = costs.reduce((sum, { ms }) => sum + ms, 0) / costs.length
    const rate = slots * 1000 / (meanMs * 2 * Object.keys(pipeline.tasks).length) / pipelines
    pipeline.ratePerS = pick(g, [0, 1, 1, 1, 1]) * rate * logBetween(g, 0.01, 5)
  }
  return {
    pipelines: made.map(({ pipeline }) => pipeline),
    classes,
  }
}
