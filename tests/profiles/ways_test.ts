/** Ways through a tree: what a query costs and how right it is, whichever branches it has. */
import { deepEqual, equal } from 'node:assert/strict'
import type { VariantProfile } from '../../src/cli/profile/types.ts'
import { waysOf, worthTaking } from '../../src/cli/profile/ways.ts'
import { checkPipeline } from '../../src/pipeline/parse.ts'

const pipeline = checkPipeline({
  ...{ schema: 'shoal-pipeline/1', name: 'p', sloMs: 1000, root: 'find' },
  tasks: {
    find: {
      next: ['name', 'read'],
      variants: { fine: { accuracy: 1 }, half: { accuracy: 1, precision: 'fp16' } },
    },
    name: { variants: { good: { accuracy: 1 }, poor: { accuracy: 1 } } },
    read: { variants: { only: { accuracy: 1 } } },
  },
}, 'test')

const BLIND = { blind: { accuracy: 0 }, fine: { accuracy: 1 } }

const measured = (task: string, variant: string, minMs: number, fanOut = {}): VariantProfile => ({
  ...{ task, variant, fanOut, accuracy: 1, referenceMs: minMs, rows: 1, otherMs: 1 },
  batches: [{ batch: 1, runs: 1, minMs, medianMs: minMs }],
})

const variants = [
  measured('find', 'fine', 9, { name: 3, read: 1 }),
  measured('find', 'half', 1, { name: 3, read: 1 }),
  measured('name', 'good', 4),
  measured('name', 'poor', 5),
  measured('read', 'only', 2),
]

const paths = [['fine', 'good', 0.8], ['fine', 'poor', 0.4], ['fine', 'only', 0.6]].map((
  [find, leaf, accuracy],
) => ({ path: [String(find), String(leaf)], accuracy: Number(accuracy), exact: 0, ms: 0 }))

Deno.test('waysOf() weighs branches by their items, and leaves out what no processor runs', () => {
  const ways = waysOf(pipeline, variants, paths)!
  deepEqual(ways.map(({ variants }) => variants.join(' ')), ['fine good only', 'fine poor only'])
  const [best] = ways
  equal(best!.accuracy.toFixed(6), ((3 * 0.8 + 0.6) / 4).toFixed(6))
  equal(best!.ms, (9 + 1) + 3 * (4 + 1) + (2 + 1))
  // Slower and less accurate.
  deepEqual(worthTaking(ways), [best])
})

Deno.test('waysOf() has no accuracy for a way on which nothing is found, and sorts the others all the same', () => {
  const blind = checkPipeline(
    {
      ...pipeline,
      tasks: { ...pipeline.tasks, find: { ...pipeline.tasks['find']!, variants: BLIND } },
    },
    'test',
  )
  const figures = [
    measured('find', 'blind', 1, { name: 0, read: 0 }),
    ...variants.filter(({ variant }) => variant !== 'half'),
  ]
  const ways = waysOf(blind, figures, paths)!
  deepEqual(ways.map(({ variants }) => variants.join(' ')), [
    ...['fine good only', 'fine poor only', 'blind good only', 'blind poor only'],
  ])
  deepEqual(ways.slice(2).map(({ accuracy }) => accuracy), [0, 0])
})

Deno.test('waysOf() has nothing to add where there is one branch', () => {
  const { find, name } = pipeline.tasks
  const line = checkPipeline(
    { ...pipeline, tasks: { find: { ...find, next: ['name'] }, name } },
    'test',
  )
  deepEqual(waysOf(line, variants, paths), [])
})

Deno.test('waysOf() lists none where branches make more of them than anybody reads', () => {
  const wide = (branches: number) => {
    const names = Array.from({ length: branches }, (_, i) => `b${i}`)
    const two = { variants: { one: { accuracy: 1 }, other: { accuracy: 1 } } }
    const all = { top: { next: names, variants: { only: { accuracy: 1 } } } }
    const tasks = { ...all, ...Object.fromEntries(names.map((name) => [name, two])) }
    const figures = [
      measured('top', 'only', 1),
      ...names.flatMap((name) => [measured(name, 'one', 1), measured(name, 'other', 1)]),
    ]
    return waysOf(checkPipeline({ ...pipeline, root: 'top', tasks }, 'test'), figures, [])?.length
  }
  deepEqual([wide(13), wide(14), wide(60)], [2 ** 13, undefined, undefined])
})
