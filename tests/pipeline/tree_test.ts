import assert from 'node:assert/strict'
import { pathAccuracyOf } from '../../src/pipeline/accuracy.ts'
import { checkPipeline } from '../../src/pipeline/parse.ts'
import {
  fanOutOf,
  taskPaths,
  tasksInOrder,
  variantOf,
  variantPaths,
} from '../../src/pipeline/tree.ts'
import { tree } from './fixtures.ts'

const pipeline = checkPipeline(tree, 'fixture')

Deno.test('tasksInOrder() lists parents before children', () => {
  assert.deepEqual(tasksInOrder(pipeline), ['detect', 'car', 'make', 'face'])
})

Deno.test('taskPaths() and variantPaths() list every way from the root to a leaf', () => {
  assert.deepEqual(taskPaths(pipeline), [['detect', 'car', 'make'], ['detect', 'face']])
  const paths = variantPaths(pipeline).map(({ variants }) => variants.join('>'))
  assert.deepEqual(paths, [
    ...['big>large>only', 'big>small>only', 'tiny>large>only', 'tiny>small>only'],
    ...['big>small', 'tiny>small'],
  ])
})

Deno.test('fanOutOf() is 1 where the file says nothing', () => {
  assert.equal(fanOutOf(variantOf(pipeline, 'detect', 'big'), 'car'), 3)
  assert.equal(fanOutOf(variantOf(pipeline, 'detect', 'tiny'), 'face'), 1)
})

Deno.test('pathAccuracyOf() takes the measured value, else the product, also of a prefix', () => {
  const measured = checkPipeline({
    ...structuredClone(tree),
    pathAccuracy: [{ path: ['big', 'large', 'only'], accuracy: 0.77 }],
  }, 'fixture')
  const accuracy = pathAccuracyOf(measured)
  const tasks = ['detect', 'car', 'make']
  assert.equal(accuracy(tasks, ['big', 'large', 'only']), 0.77)
  assert.equal(accuracy(tasks, ['tiny', 'small', 'only']), 0.6 * 0.7 * 0.5)
  assert.equal(accuracy(['detect'], ['big']), 0.9)
})
