/** What a mix tells of itself, against what its flows and its work come to. */
import assert from 'node:assert/strict'
import { solveFrontier } from '../../../src/policy/frontier/solve.ts'
import { type Prefix, shapesOf, type Way } from '../../../src/policy/core/graph.ts'
import { ocr, street } from '../fixtures.ts'
import { problemOf } from './problem_of.ts'

const shapes = shapesOf([ocr, street])
const close = (value: number, due: number, what: string) =>
  assert.ok(Math.abs(value - due) < 1e-6 * Math.max(1, Math.abs(due)), `${what}: ${value}, ${due}`)

Deno.test('a mix tells what its flows and its work come to, of chains and of trees', () => {
  for (const ratesPerS of [[2, 5], [10, 20], [30, 30], [300, 20]]) {
    const problem = problemOf(
      shapes,
      [{ slots: 3, slowness: 1 }, { slots: 6, slowness: 2 }],
      ratesPerS,
    )
    const mix = solveFrontier(shapes, problem)!
    const pool = 9
    const sum = (values: number[]) => values.reduce((all, one) => all + one, 0)
    /** Share of the pool that the task's variants take. */
    const shareOf = (variants: readonly { index: number }[]) =>
      sum(
        variants.flatMap(({ index }) =>
          problem.groups.map(({ duty }, g) => mix.work[index]![g]! * duty / pool)
        ),
      )
    close(mix.load, shareOf(shapes.variants), 'load')
    let p = 0
    for (const shape of shapes.pipelines.values()) {
      const { flow, served, accuracy, slots } = mix.pipelines[p]!
      const ratePerS = ratesPerS[p++]!
      const of = `${shape.name} at ${ratesPerS}`
      close(served, sum(shape.starts.map(({ id }) => flow[id]!)), `served, ${of}`)
      assert.ok(served <= 1 + 1e-9)
      close(slots, pool * shareOf(shape.tasks.flatMap(({ variants }) => variants)), `slots, ${of}`)
      /** Items per millisecond of each task, and by which way; leaf items by prefix. */
      const itemsPerMs = new Map<string, number>()
      const perWay: { way: Way; perMs: number }[] = []
      const leaves: { from: Prefix; prefix: Prefix; perQuery: number }[] = []
      const visit = (from: Prefix, prefix: Prefix, perQuery: number) => {
        const { task, fanOut } = prefix.variant
        const perMs = flow[prefix.id]! * perQuery * ratePerS / 1000
        itemsPerMs.set(task.name, (itemsPerMs.get(task.name) ?? 0) + perMs)
        if (task.next.length === 0) leaves.push({ from, prefix, perQuery })
        prefix.next.forEach((branch, child) => {
          perWay.push({ way: prefix.ways[child]!, perMs: perMs * fanOut[child]! })
          for (const next of branch) visit(from, next, perQuery * fanOut[child]!)
        })
      }
      for (const start of shape.starts) visit(start, start, 1)
      for (const task of shape.tasks) {
        const below = [task]
        for (const one of below) below.push(...one.next)
        const share = shareOf(below.flatMap(({ variants }) => variants))
        const perMs = itemsPerMs.get(task.name)!
        if (perMs > 1e-9) close(mix.taskMs[task.index]!, share / perMs, `${task.name}, ${of}`)
        close(sum(task.variants.flatMap(({ index }) => mix.items[index]!)), perMs, `items, ${of}`)
        for (const { way, perMs: own } of perWay) {
          if (way.task !== task || perMs < 1e-9) continue
          close(mix.ways[way.index]!, own / perMs, `a way to ${task.name}, ${of}`)
        }
      }
      // Of each leaf item as much as of any other that the same query has.
      const mean = sum(leaves.map(({ from, prefix, perQuery }) => {
        const beside = leaves.filter((leaf) => leaf.from === from)
        const tasks = new Map(beside.map((leaf) => [leaf.prefix.variant.task, leaf.perQuery]))
        return flow[prefix.id]! * perQuery / sum([...tasks.values()]) * prefix.accuracy
      }))
      close(accuracy, mean / served, `accuracy, ${of}`)
    }
  }
})
