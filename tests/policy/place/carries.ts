/**
 * Whether a placement does what it claims, computed from the problem and the placement itself, without
 * the planner's code.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { place } from '../../../src/policy/place/params.ts'
import type { Placement } from '../../../src/policy/place/problem.ts'
import type { PlaceClass, PlacePipeline, Problem } from '../../../src/policy/place/problem.ts'
import type { VariantRef } from '../../../src/policy/core/types.ts'

const keyOf = ({ pipeline, task, variant }: VariantRef) => `${pipeline}/${task}/${variant}`
const sum = (values: number[]) => values.reduce((total, value) => total + value, 0)
const close = (a: number, b: number, text: string, within = 1e-4) =>
  assert.ok(
    Math.abs(a - b) <= within * Math.max(1, Math.abs(a), Math.abs(b)),
    `${text}: ${a}, ${b}`,
  )

export function assertHolds(problem: Problem, placement: Placement): void {
  assertWithinClasses(problem, placement)
  const needed = new Map<string, number>()
  for (const pipeline of problem.pipelines) assertPaths(problem, placement, pipeline, needed)
  assertWork(problem, placement, needed)
}

function assertWithinClasses({ classes }: Problem, placement: Placement): void {
  for (const one of classes) {
    const placed = placement.classes.find((row) => row.class === one.name)!
    const count = (sets: typeof placed.sets) => sum(sets.map(({ slots }) => slots))
    assert.equal(count(placed.sets), placed.awake)
    assert.equal(count(placed.standbySets), placed.standby)
    assert.equal(placed.awake + placed.standby + placed.resting, one.slots, 'every slot once')
    assert.ok(placed.resting >= 0)
    for (const { variants, slots } of [...placed.sets, ...placed.standbySets]) {
      assert.ok(Number.isInteger(slots) && slots > 0)
      assert.equal(new Set(variants.map(keyOf)).size, variants.length)
      const able = variants.map((ref) => one.able.find((row) => keyOf(row) === keyOf(ref))!)
      assert.ok(sum(able.map(({ memoryBytes }) => memoryBytes)) <= one.memoryBytes, 'memory')
    }
  }
}

const taskPath = (pipeline: PlacePipeline, path: string[]): string[] => {
  const walk = (task: string, above: string[]): string[] | null => {
    const { next, variants } = pipeline.tasks[task]!
    if (variants[path[above.length]!] === undefined) return null
    const chain = [...above, task]
    if (chain.length === path.length) return next.length === 0 ? chain : null
    return next.map((child) => walk(child, chain)).find((found) => found !== null) ?? null
  }
  return walk(pipeline.root, [])!
}

/** Time that paths may take: half of the deadline, or the quickest path's time if that is more. */
function budgetOf(problem: Problem, { name, sloMs, root, tasks }: PlacePipeline): number {
  const ms = (one: PlaceClass, latencyMs: number) => latencyMs + one.networkMs / 2
  /** Time of all items of a query, by batches that end at the same time everywhere. */
  const quickest = (ref: VariantRef, items: number): number => {
    const servers = problem.classes.flatMap((one) => {
      const row = one.able.find((able) => keyOf(able) === keyOf(ref))
      if (row === undefined || row.memoryBytes > one.memoryBytes || one.slots === 0) return []
      return [{ one, points: row.points }]
    })
    const times = servers.flatMap(({ one, points }) => points.map((p) => ms(one, p.latencyMs)))
    return Math.min(...times.map((timeMs) => {
      const round = sum(servers.map(({ one, points }) => {
        const fitting = points.filter(({ latencyMs }) => ms(one, latencyMs) <= timeMs)
        return one.slots * Math.max(0, ...fitting.map(({ batch }) => batch))
      }))
      return timeMs * Math.max(1, Math.ceil(items / round - 1e-9))
    }))
  }
  const least = (task: string, items: number): number =>
    Math.min(
      ...Object.keys(tasks[task]!.variants).map((variant) =>
        quickest({ pipeline: name, task, variant }, items) + Math.max(
          0,
          ...tasks[task]!.next.map((child) =>
            least(child, items * itemsOf({ tasks }, task, variant, child))
          ),
        )
      ),
    )
  return Math.min(sloMs, Math.max(sloMs / 2, least(root, 1)))
}

/** Quickest time of one batch of a variant among classes whose awake slots hold it. */
function quickestMs(problem: Problem, placement: Placement, ref: VariantRef): number {
  return Math.min(...problem.classes.map((one) => {
    const { sets } = placement.classes.find((row) => row.class === one.name)!
    if (!sets.some(({ variants }) => variants.some((v) => keyOf(v) === keyOf(ref)))) return Infinity
    const { points } = one.able.find((row) => keyOf(row) === keyOf(ref))!
    return one.networkMs / 2 + Math.min(...points.map(({ latencyMs }) => latencyMs))
  }))
}

/**
 * Checks that paths of the mix fit their deadline, that shares sum to one, and that branches agree. Adds
 * the items per second that the mix needs of each variant to `needed`.
 */
function assertPaths(
  problem: Problem,
  placement: Placement,
  pipeline: PlacePipeline,
  needed: Map<string, number>,
): void {
  const served = placement.served.find((row) => row.pipeline === pipeline.name)!
  const mix = placement.mix.filter((row) => row.pipeline === pipeline.name)
  if (served.share < 1e-9) return
  assert.ok(served.share <= 1 + 1e-9)
  close(sum(mix.map(({ share }) => share)), 1, `shares of ${pipeline.name}`)
  const budgetMs = budgetOf(problem, pipeline)
  const ratePerS = served.share * Math.max(pipeline.ratePerS, place.floorPerS)
  let accuracy = 0
  const flows = new Map<string, Map<string, number>>()
  for (const { path, share } of mix) {
    const tasks = taskPath(pipeline, path)
    assert.ok(tasks, `${path} is a path of ${pipeline.name}`)
    const refs = tasks.map((task, i) => ({ pipeline: pipeline.name, task, variant: path[i]! }))
    const ms = sum(refs.map((ref) => quickestMs(problem, placement, ref)))
    assert.ok(ms <= budgetMs + 1e-6, `${path} takes ${ms} of ${budgetMs} ms`)
    accuracy += share * accuracyOf(pipeline, refs)
    // Share of root queries on it: its share of leaf items over its branches' share.
    const weight = weightOf(pipeline, refs)
    const leaf = tasks.join('/')
    if (!flows.has(leaf)) flows.set(leaf, new Map())
    if (weight > 1e-9) flows.get(leaf)!.set(path.join('/'), share / weight)
  }
  close(accuracy, served.accuracy, `accuracy of ${pipeline.name}`)
  const byTask = new Map<string, Map<string, number>>()
  for (const [leaf, paths] of flows) {
    const tasks = leaf.split('/')
    // A branch without items says nothing about its flow.
    if (sum([...paths.values()]) < 1e-6) continue
    const prefixes = new Map<string, number>()
    for (const [path, flow] of paths) {
      const names = path.split('/')
      tasks.forEach((_, i) => {
        const key = `${tasks.slice(0, i + 1).join('/')}|${names.slice(0, i + 1).join('/')}`
        prefixes.set(key, (prefixes.get(key) ?? 0) + flow)
      })
    }
    for (const [key, flow] of prefixes) {
      const task = key.split('|')[0]!
      if (!byTask.has(task)) byTask.set(task, new Map())
      const known = byTask.get(task)!.get(key)
      if (known === undefined) byTask.get(task)!.set(key, flow)
      // If a variant hands nothing to one branch, that branch does not show its share.
      else byTask.get(task)!.set(key, Math.max(known, flow))
    }
  }
  for (const [chain, prefixes] of byTask) {
    assert.ok(sum([...prefixes.values()]) <= 1 + 1e-3, `branches agree at ${chain}`)
    for (const [key, flow] of prefixes) {
      const [tasks, names] = key.split('|').map((part) => part.split('/')) as [string[], string[]]
      let items = 1
      for (let i = 1; i < tasks.length; i++) {
        items *= itemsOf(pipeline, tasks[i - 1]!, names[i - 1]!, tasks[i]!)
      }
      const ref = keyOf({ pipeline: pipeline.name, task: tasks.at(-1)!, variant: names.at(-1)! })
      needed.set(ref, (needed.get(ref) ?? 0) + ratePerS * flow * items)
    }
  }
}

/** Items handed on; a lower limit applies to fan-outs. */
function itemsOf(
  pipeline: Pick<PlacePipeline, 'tasks'>,
  task: string,
  variant: string,
  child: string,
): number {
  return Math.max(place.leastFanOut, pipeline.tasks[task]!.variants[variant]!.fanOut?.[child] ?? 1)
}

/** Mean accuracy and leaf items behind `path`, with the most accurate variants from there on. */
function bestBelow(pipeline: PlacePipeline, task: string, above: Named[]) {
  const { next, variants } = pipeline.tasks[task]!
  let found = { value: -1, leaves: 0 }
  for (const variant of Object.keys(variants)) {
    const path = [...above, { task, variant }]
    if (next.length === 0) {
      const value = accuracyOf(pipeline, path)
      if (value > found.value) found = { value, leaves: 1 }
      continue
    }
    const branches = next.map((child) => {
      const { value, leaves } = bestBelow(pipeline, child, path)
      return { value, leaves: leaves * itemsOf(pipeline, task, variant, child) }
    })
    const leaves = sum(branches.map((branch) => branch.leaves))
    const value = sum(branches.map((branch) => branch.value * branch.leaves)) / leaves
    if (value > found.value) found = { value, leaves }
  }
  return found
}

/** Share of a query's leaf items below this path's branches. */
function weightOf(pipeline: PlacePipeline, path: Named[]): number {
  let weight = 1
  path.forEach(({ task, variant }, i) => {
    const { next } = pipeline.tasks[task]!
    if (next.length < 2) return
    const leaves = next.map((child) =>
      itemsOf(pipeline, task, variant, child) *
      bestBelow(pipeline, child, path.slice(0, i + 1)).leaves
    )
    weight *= leaves[next.indexOf(path[i + 1]!.task)]! / sum(leaves)
  })
  return weight
}

interface Named {
  task: string
  variant: string
}

function accuracyOf(pipeline: PlacePipeline, path: Named[]): number {
  const names = path.map(({ variant }) => variant).join()
  const measured = pipeline.pathAccuracy?.find((row) => row.path.join() === names)
  if (measured !== undefined) return measured.accuracy
  return path.reduce(
    (p, { task, variant }) => p * pipeline.tasks[task]!.variants[variant]!.accuracy,
    1,
  )
}

/** The reported work is the work needed, and the awake slots have time for it. */
function assertWork(problem: Problem, placement: Placement, needed: Map<string, number>): void {
  const told = new Map<string, number>()
  for (const row of placement.work) {
    told.set(keyOf(row), (told.get(keyOf(row)) ?? 0) + row.itemsPerS)
  }
  for (const [key, itemsPerS] of needed) {
    close(told.get(key) ?? 0, itemsPerS, `work of ${key}`, 1e-3)
  }
  for (const one of problem.classes) {
    const { sets } = placement.classes.find((row) => row.class === one.name)!
    const rows = placement.work.filter((row) => row.class === one.name).map((row) => {
      return { key: keyOf(row), slotTime: row.itemsPerS / bestPerS(one, row) }
    })
    // Any choice of variants finds the time it needs on the slots that hold any of them.
    const few = rows.slice(0, 12)
    for (let bits = 1; bits < 1 << few.length; bits++) {
      const chosen = few.filter((_, i) => (bits >> i & 1) === 1)
      const room = sum(
        sets.map(({ variants, slots }) =>
          variants.some((v) => chosen.some(({ key }) => key === keyOf(v))) ? slots : 0
        ),
      )
      const asked = sum(chosen.map(({ slotTime }) => slotTime))
      assert.ok(asked <= room * (1 + 1e-4) + 1e-4, `${one.name}: ${asked} of ${room} slots`)
    }
  }
}

function bestPerS(one: PlaceClass, ref: VariantRef): number {
  const { points } = one.able.find((row) => keyOf(row) === keyOf(ref))!
  const duty = one.dutySum / one.slots
  return Math.max(...points.map(({ batch, latencyMs }) => duty * 1000 * batch / latencyMs))
}
