/** Patient queries (share below 1): they take spare capacity, and no accuracy of other queries. */
import assert from 'node:assert/strict'
import { checkPipeline } from '../../../src/pipeline/parse.ts'
import { ocr } from '../fixtures.ts'
import {
  asks,
  asksAtRandom,
  type Happening,
  joins,
  leaves,
  play,
  type Scene,
  type Step,
} from '../story.ts'

/** Seven seconds with the best variant, two with the quickest. */
const scansWith = (quick: number) =>
  checkPipeline({
    schema: 'shoal-pipeline/1',
    name: 'scans',
    sloMs: 60_000,
    root: 'open',
    tasks: {
      open: {
        next: ['read'],
        variants: { only: { accuracy: 1, referenceMs: 100, fanOut: { read: 20 } } },
      },
      read: {
        variants: {
          quick: { accuracy: quick, referenceMs: 100 },
          best: { accuracy: 1, referenceMs: 350 },
        },
      },
    },
  }, 'scans')
const scans = scansWith(0.8)

const FROM_MS = 20_000
const UNTIL_MS = 320_000
const BEST_MS = 100 + 20 * 350

/** Like a job: a constant number of queries inside, each due far in the future. */
const keepsAsking = (inside: number, share: number): Step => (scene: Scene) => {
  const open = new Set<string>()
  let serial = 0
  function look(): void {
    for (const query of open) if (!scene.isOpen(query)) open.delete(query)
    while (open.size < inside) {
      const query = `scan${serial++}`
      open.add(query)
      asks(query, 3600_000, { of: 'scans', share })(scene)
    }
    if (scene.nowMs < UNTIL_MS) scene.simulation.time.at(scene.nowMs + 50, look)
  }
  look()
}

function played(nodes: number, share?: number) {
  const children = (query: string) => query.startsWith('scan') ? 20 : 4
  const story = play({ pipelines: [ocr, scans], children }, [
    [0, ...Array.from({ length: nodes }, (_, i) => joins(`n${i}`, { latencyCv: 0.1 }))],
    [1000, asksAtRandom('page', 0.5, UNTIL_MS, 5000)],
    ...share === undefined ? [] : [[FROM_MS, keepsAsking(2 * nodes, share)] as const],
  ], UNTIL_MS + 10_000)
  const ended = story.tally('scan').served
  return {
    story,
    /** Work done relative to the nodes' capacity with the best models. */
    done: ended * BEST_MS / (nodes * (UNTIL_MS - FROM_MS)),
  }
}

for (const nodes of [2, 10]) {
  Deno.test(`${nodes} nodes are kept busy by patient queries at the best accuracy, at no cost to others`, () => {
    const { story, done } = played(nodes, 0.05)
    assert.equal(story.accuracy('scan').toFixed(3), '1.000')
    assert.ok(done > 0.85, `${done} of what they could do`)
    // Other queries are served as well, and as many of them.
    const alone = played(nodes).story
    assert.equal(story.accuracy('page').toFixed(3), alone.accuracy('page').toFixed(3))
    const { served, asked } = story.tally('page')
    assert.equal(served, asked)
  })
}

Deno.test('patient queries wait for the best model, though nodes leave and new ones load the quickest first', () => {
  const given = { latencyCv: 0.1, slowness: 1.5, loadMs: 8000 }
  const here = ['n0', 'n1', 'n2']
  const story = play({
    pipelines: [ocr, scansWith(0.98)],
    children: (query) => query.startsWith('scan') ? 20 : 4,
  }, [
    [0, ...here.map((id) => joins(id, given))],
    [1000, asksAtRandom('page', 1, UNTIL_MS, 5000)],
    [FROM_MS, keepsAsking(6, 0.05)],
    ...[80_000, 140_000, 200_000, 260_000].flatMap((atMs, kill): Happening[] => [
      [atMs, leaves(here[kill % 3]!)],
      [atMs + 1500, joins(here[kill % 3] = `new${kill}`, given)],
    ]),
  ], UNTIL_MS + 30_000)
  assert.equal(story.accuracy('scan').toFixed(3), '1.000')
})

Deno.test('urgent queries do not find long batches of patient ones ahead', () => {
  const longest = (share: number) => {
    const { story } = played(2, share)
    const batches = story.sent(({ task, variant }) => task === 'read' && variant === 'best')
    return Math.max(...batches.map(({ items }) => items.length))
  }
  // One item takes 350 ms, of the 5000 that a page has.
  assert.equal(longest(0.05), 1)
  assert.ok(longest(1) > 1)
})

Deno.test('queries that count in full are done sooner, with quicker models', () => {
  const [patient, due] = [played(2, 0.05), played(2, 1)]
  assert.ok(due.done > 1.1 * patient.done, `${due.done} and ${patient.done}`)
  assert.ok(due.story.accuracy('scan') < 0.98, `${due.story.accuracy('scan')}`)
})
