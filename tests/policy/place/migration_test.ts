import assert from 'node:assert/strict'
import { compile, type Kind } from '../../../src/policy/place/compile.ts'
import { bestOrder, type Holdings, holdingsOf } from '../../../src/policy/place/migration.ts'

const VARIANTS = ['a', 'b', 'c', 'd']
const { classes, shapes } = compile({
  pipelines: [{
    ...{ name: 'p', weight: 1, sloMs: 200, ratePerS: 1, root: 't' },
    tasks: {
      t: { next: [], variants: Object.fromEntries(VARIANTS.map((v) => [v, { accuracy: 1 }])) },
    },
  }],
  classes: [{
    ...{ name: 'c', slots: 4, dutySum: 4, memoryBytes: 1, networkMs: 0 },
    able: VARIANTS.map((variant) => ({
      ...{ pipeline: 'p', task: 't', variant, memoryBytes: 1 },
      points: [{ batch: 1, latencyMs: 10 }],
    })),
  }],
})
const [pool] = classes

/** Slots by their variants, as letters: `{ a: 1, cd: 2 }`. */
const holding = (counts: { [letters: string]: number }): Holdings =>
  holdingsOf(
    Object.entries(counts).map(([letters, slots]): Kind => ({
      class: pool!,
      variants: [...letters].map((variant) => shapes.find({ pipeline: 'p', task: 't', variant })!),
      slots,
    })),
  )

const nameOf = ({ variants }: Kind) => variants.map(({ ref }) => ref.variant).join('')
const slotsOf = (holdings: Holdings, name: string) =>
  [...holdings.values()].find((kind) => nameOf(kind) === name)?.slots ?? 0
const stepsTo = (goal: Holdings, start: Holdings, value: (holdings: Holdings) => number) =>
  bestOrder({ classes, start, goal, size: 1 }, value)
    .map(({ from, to }) => `${nameOf(from)} ${nameOf(to)}`)

Deno.test('a step without cost of its own waits if later steps need the slots it changes', () => {
  // Two slots with a are enough until c is loaded, and c does the work of both.
  const carried = (holdings: Holdings) =>
    Math.min(2, slotsOf(holdings, 'a') + 2 * slotsOf(holdings, 'c')) +
    0.1 * Math.min(1, slotsOf(holdings, 'd'))
  const start = holding({ a: 3, b: 1 })
  const steps = stepsTo(holding({ c: 1, d: 2, b: 1 }), start, carried)
  assert.equal(steps.length, 3)
  assert.equal(steps[0], 'a c', steps.join(', '))
})

Deno.test('the schedule carries as much as the best of all orders of four steps', () => {
  const start = holding({ a: 2, b: 2 })
  const goal = holding({ c: 2, d: 2 })
  // Each further slot of a kind is worth less than the one before.
  const carried = (holdings: Holdings) =>
    [['a', 3], ['b', 5], ['c', 4], ['d', 7]].reduce(
      (sum, [name, worth]) =>
        sum + (worth as number) * Math.sqrt(slotsOf(holdings, name as string)),
      0,
    )
  const sumOf = (steps: readonly string[]) => {
    const counts: { [name: string]: number } = { a: 2, b: 2 }
    let sum = 0
    for (const step of steps) {
      const [from, to] = step.split(' ') as [string, string]
      counts[from]! -= 0.5
      sum += carried(holding(counts))
      counts[from]! -= 0.5
      counts[to] = (counts[to] ?? 0) + 1
    }
    return sum
  }
  const all: string[][] = []
  const follow = (left: { [name: string]: number }, steps: string[]) => {
    if (steps.length === 4) all.push(steps)
    for (const from of ['a', 'b']) {
      for (const to of ['c', 'd']) {
        if (left[from]! === 0 || left[to]! === 0) continue
        follow({ ...left, [from]: left[from]! - 1, [to]: left[to]! - 1 }, [
          ...steps,
          `${from} ${to}`,
        ])
      }
    }
  }
  follow({ a: 2, b: 2, c: 2, d: 2 }, [])
  const most = Math.max(...all.map(sumOf))
  assert.ok(Math.abs(sumOf(stepsTo(goal, start, carried)) - most) < 1e-9)
})
