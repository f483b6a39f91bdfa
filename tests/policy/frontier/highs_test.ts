/** The frontier against the same program written out in full, solved by another solver. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import load from 'highs'
import { checkPipeline } from '../../../src/pipeline/parse.ts'
import type { FrontierProblem } from '../../../src/policy/frontier/problem.ts'
import { solveFrontier } from '../../../src/policy/frontier/solve.ts'
import { type Prefix, type Shapes, shapesOf } from '../../../src/policy/core/graph.ts'
import { problemOf } from './problem_of.ts'
import { type Program, writtenOut } from './written_out.ts'

/** Trees of 1 to 4 levels with up to 3 children and 4 variants a task. */
const trees = fc.record({
  levels: fc.integer({ min: 1, max: 4 }),
  children: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 3, maxLength: 3 }),
  variants: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 12, maxLength: 12 }),
  numbers: fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 64, maxLength: 64 }),
}).map(({ levels, children, variants, numbers }) => {
  const tasks: { [name: string]: unknown } = {}
  let count = 0
  const number = (i: number) => numbers[i % numbers.length]!
  const add = (level: number): string => {
    const id = count++
    const name = `t${id}`
    tasks[name] = null
    const next: string[] = []
    if (level < levels) {
      for (let i = 0; i < children[level - 1]! && count < 7; i++) next.push(add(level + 1))
    }
    tasks[name] = {
      next,
      variants: Object.fromEntries(
        Array.from({ length: variants[id % 12]! }, (_, v) => [`v${v}`, {
          accuracy: 0.5 + number(7 * id + v) / 2000,
          referenceMs: 1 + number(11 * id + 3 * v) / 20,
          fanOut: Object.fromEntries(next.map((child, i) => [child, number(5 * id + v + i) / 250])),
        }]),
      ),
    }
    return name
  }
  const root = add(1)
  return checkPipeline(
    { schema: 'shoal-pipeline/1', name: 'tree', sloMs: 2000, root, tasks },
    'tree.json',
  )
})

Deno.test('frontier: what it claims is carried, and HiGHS finds no better', async () => {
  const highs = await (load as unknown as typeof load.default)()
  let compared = 0
  fc.assert(
    fc.property(
      fc.array(trees, { minLength: 1, maxLength: 2 }),
      fc.array(
        fc.record({
          slots: fc.integer({ min: 1, max: 9 }),
          slowness: fc.double({ min: 0.1, max: 9, noNaN: true }),
        }),
        { minLength: 1, maxLength: 6 },
      ),
      fc.double({ min: 0, max: 2000, noNaN: true }),
      (pipelines, groups, rate) => {
        const shapes = shapesOf(pipelines.map((pipeline, i) => ({ ...pipeline, name: `p${i}` })))
        const rates = pipelines.map((_, i) => rate / (i + 1) + 0.01)
        const problem = {
          ...problemOf(shapes, groups, rates, 0.9),
          none: shapes.variants.map(({ fanOut }) => fanOut.map((mean) => Math.exp(-mean))),
        }
        const mix = solveFrontier(shapes, problem)
        assert.ok(mix !== undefined)
        checkCarried(shapes, problem, mix)
        const model = writtenOut(shapes, problem)
        const solution = highs.solve(lpText(model))
        assert.equal(solution.Status, 'Optimal')
        const own = scoreOf(shapes, problem, mix)
        assert.ok(
          own >= solution.ObjectiveValue - 1e-5 * Math.abs(solution.ObjectiveValue) - 1e-6,
          `${own} against ${solution.ObjectiveValue}`,
        )
        compared++
      },
    ),
    { numRuns: 60, seed: 11 },
  )
  assert.ok(compared >= 60)
})

type Found = NonNullable<ReturnType<typeof solveFrontier>>

/** Flow is kept at every branch, and no group does more than it has time for. */
function checkCarried(shapes: Shapes, problem: FrontierProblem, mix: Found) {
  const need = shapes.variants.map(() => 0)
  let p = 0
  for (const shape of shapes.pipelines.values()) {
    const { flow } = mix.pipelines[p]!
    const visit = (prefix: Prefix, items: number) => {
      const own = flow[prefix.id]!
      need[prefix.variant.index]! += own * items * problem.ratesPerS[p]!
      prefix.next.forEach((branch, child) => {
        const sum = branch.reduce((total, next) => total + flow[next.id]!, 0)
        assert.ok(Math.abs(sum - own) < 1e-5, `${sum} of ${own} goes on`)
        const count = problem.fanOut[prefix.variant.index]![child]!
        for (const next of branch) visit(next, items * count)
      })
    }
    for (const start of shape.starts) visit(start, 1)
    p++
  }
  shapes.variants.forEach(({ index }) => {
    const does = problem.services[index]!.reduce(
      (sum, { group, costMs }) =>
        sum + mix.work[index]![group]! * problem.groups[group]!.duty * 1000 / costMs,
      0,
    )
    assert.ok(does >= need[index]! * (1 - 1e-4) - 1e-5, `${does} of ${need[index]} a second`)
  })
  problem.groups.forEach((_, g) => {
    const used = mix.work.reduce((sum, row) => sum + row[g]!, 0)
    assert.ok(used <= problem.aim + 1e-6, `${used} of ${problem.aim}`)
  })
}

/** The objective of the model at the mix, from its own coefficients. */
function scoreOf(shapes: Shapes, problem: FrontierProblem, mix: Found): number {
  const { variables } = writtenOut(shapes, problem)
  const weights = [...shapes.pipelines.values()].map(({ pipeline }) => pipeline.weight ?? 1)
  const least = Math.min(...mix.pipelines.map(({ served }, p) => served / weights[p]!))
  let score = 0
  for (const [name, coefficients] of variables) {
    const [a, b] = name.slice(1).split(' ').map(Number) as [number, number]
    const value = name === 'least'
      ? least
      : name[0] === 'w'
      ? mix.work[a]![b]!
      : mix.pipelines[a]!.flow[b]!
    for (const [row, coefficient] of coefficients) if (row === 'score') score += value * coefficient
  }
  return score
}

/** CPLEX-LP text. */
function lpText({ variables, constraints }: Program): string {
  const names = new Map([...variables.keys()].map((name, i) => [name, `x${i}`]))
  const rows = new Map<string, string[]>()
  for (const [name, coefficients] of variables) {
    for (const [row, value] of coefficients) {
      const terms = rows.get(row) ?? []
      terms.push(`${value < 0 ? '-' : '+'} ${Math.abs(value)} ${names.get(name)}`)
      rows.set(row, terms)
    }
  }
  const lines = [...constraints].flatMap(([row, { max, equal }], i) => {
    const terms = rows.get(row)
    return terms === undefined
      ? []
      : [`r${i}:`, ...terms, equal === undefined ? `<= ${max}` : `= ${equal}`]
  })
  return ['Maximize', 'o:', ...rows.get('score') ?? [], 'Subject To', ...lines, 'End', ''].join(
    '\n',
  )
}
