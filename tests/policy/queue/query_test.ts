import assert from 'node:assert/strict'
import { accuracyOf, answerOf } from '../../../src/policy/state/answered.ts'
import { createQuery, type Item, serveItem } from '../../../src/policy/state/query.ts'
import { levelOf, shapesOf } from '../../../src/policy/core/graph.ts'
import { ocr, street } from '../fixtures.ts'
import { checkPipeline } from '../../../src/pipeline/parse.ts'

function start(pipeline = street) {
  const shape = shapesOf([pipeline]).pipelines.get(pipeline.name)!
  return createQuery({
    id: 'q',
    seq: 0,
    shape,
    deadlineMs: 1000,
    minAccuracy: undefined,
    payload: 'root',
    slackMs: 0,
  }, 0)
}

function serve(item: Item, variant: string, children: { [task: string]: unknown[] } = {}): Item[] {
  const prefix = item.way.prefixes.find((found) => found.variant.ref.variant === variant)!
  serveItem(
    item,
    prefix,
    { ok: true, result: `${item.task.name} done`, children },
    () => undefined,
    0,
  )
  return item.children.flat()
}

Deno.test('query accuracy is the mean over leaf items of both branches', () => {
  const query = start()
  const [carA, carB, face] = serve(query.root, 'fine', { car: ['a', 'b'], face: ['f'] })
  const [plateA] = serve(carA!, 'fast', { plate: ['pa'] })
  const [plateB] = serve(carB!, 'fine', { plate: ['pb'] })
  serve(plateA!, 'fine')
  serve(plateB!, 'fast')
  serve(face!, 'fast')
  assert.equal(query.openCount, 0)
  assert.ok(Math.abs(accuracyOf(query) - (0.8 + 0.5 + 0.9) / 3) < 1e-12)
})

Deno.test('query whose root handed nothing on takes the accuracy of the prefix', () => {
  const query = start()
  assert.deepEqual(serve(query.root, 'fast', { car: [], face: [] }), [])
  assert.equal(accuracyOf(query), 0.8)
})

Deno.test('query accuracy ignores a childless branch beside one that has leaves', () => {
  const query = start()
  const [car, face] = serve(query.root, 'fine', { car: ['a'], face: ['f'] })
  serve(car!, 'fast', {})
  serve(face!, 'fast')
  assert.equal(accuracyOf(query), 0.9)
})

Deno.test('query whose middle items all ended takes the mean of their prefixes', () => {
  const query = start()
  const [a, b] = serve(query.root, 'fine', { car: ['a', 'b'] })
  serve(a!, 'fast')
  serve(b!, 'fine')
  assert.equal(accuracyOf(query), 0.9)
})

Deno.test('query answers its items depth first in reading order, whatever order they ended in', () => {
  const query = start()
  const [carA, carB, face] = serve(query.root, 'fine', { car: ['a', 'b'], face: ['f'] })
  serve(face!, 'fast')
  const [plateB] = serve(carB!, 'fine', { plate: ['pb'] })
  serve(plateB!, 'fast')
  const [plateA] = serve(carA!, 'fine', { plate: ['pa'] })
  serve(plateA!, 'fast')
  const { items, path } = answerOf(query)
  assert.deepEqual(items.map(({ payload }) => payload), ['root', 'a', 'pa', 'b', 'pb', 'f'])
  assert.deepEqual(items.map(({ parent }) => parent), [-1, 0, 1, 0, 3, 0])
  assert.deepEqual(path, {
    scene: { fine: 1 },
    car: { fine: 2 },
    plate: { fast: 2 },
    face: { fast: 1 },
  })
})

Deno.test('query ignores children for tasks that do not follow', () => {
  const query = start(ocr)
  const items = serve(query.root, 'small', { detect: ['x'], nothing: ['y'], read: ['z'] })
  assert.deepEqual(items.map(({ payload }) => payload), ['z'])
})

Deno.test('query takes measured path accuracies before products', () => {
  const query = start(checkPipeline({
    ...ocr,
    pathAccuracy: [{ path: ['small', 'tiny'], accuracy: 0.55 }],
  }, 'ocr.json'))
  const [a, b] = serve(query.root, 'small', { read: ['a', 'b'] })
  serve(a!, 'tiny')
  serve(b!, 'big')
  assert.ok(Math.abs(accuracyOf(query) - (0.55 + 0.7 * 0.9) / 2) < 1e-12)
})

Deno.test('levelOf() maps a minimum accuracy to the lowest path accuracy that keeps it', () => {
  const shape = shapesOf([ocr]).pipelines.get('ocr')!
  assert.equal(levelOf(shape, undefined), 0)
  assert.equal(shape.levels[levelOf(shape, 0.5)], 0.9 * 0.6)
  assert.equal(levelOf(shape, 0.99), shape.levels.length)
  assert.equal(shape.bestFloor, 0.81)
})
