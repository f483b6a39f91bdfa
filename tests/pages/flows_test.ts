/** From a plan to its picture: shares, bands, and where they go. */
import assert from 'node:assert/strict'
import type { PipelineInfo, PlanInfo } from '../../src/client/types.ts'
import { flowsOf } from '../../src/pages/dashboard/flows.ts'
import { layOut } from '../../src/pages/dashboard/layout.ts'

/** find > (read, name): a tree with two branches. */
const pipeline: PipelineInfo = {
  ...{ version: 1, takes: 'picture', generates: false },
  ...{ name: 'tree', sloMs: 1000, weight: 1, root: 'find', bestAccuracy: 0.9 },
  tasks: {
    find: {
      next: ['read', 'name'],
      variants: { quick: { accuracy: 0.6 }, good: { accuracy: 0.9 } },
    },
    read: { next: [], variants: { small: { accuracy: 0.7 }, large: { accuracy: 0.95 } } },
    name: { next: [], variants: { only: { accuracy: 0.8 } } },
  },
}

const plan = (mix: PlanInfo['mix']): PlanInfo => ({
  ...{ epoch: 1, mode: 'hardware', objective: 1, bound: 1, gap: 0, reason: '', solveMs: 0 },
  ...{ awake: 1, standby: 0, resting: 0, mix, rulings: [] },
  instances: [
    { pipeline: 'tree', task: 'find', variant: 'good', class: 'class-1', count: 3 },
    { pipeline: 'tree', task: 'find', variant: 'good', class: 'class-2', count: 2 },
    { pipeline: 'other', task: 'find', variant: 'good', class: 'class-2', count: 9 },
  ],
})

/** A path of each branch carries half of the root's flow, as plans say it. */
const MIX: PlanInfo['mix'] = [
  { pipeline: 'tree', path: ['good', 'large'], share: 0.3 },
  { pipeline: 'tree', path: ['good', 'small'], share: 0.1 },
  { pipeline: 'tree', path: ['quick', 'small'], share: 0.1 },
  { pipeline: 'tree', path: ['good', 'only'], share: 0.4 },
  { pipeline: 'tree', path: ['quick', 'only'], share: 0.1 },
  { pipeline: 'other', path: ['good', 'large'], share: 1 },
]

Deno.test('flowsOf() gives each task shares that are whole, in a tree too', () => {
  const { stages, flows } = flowsOf(pipeline, plan(MIX))
  const share = (task: string, variant: string) =>
    stages.find((stage) => stage.task === task)!.boxes.find((box) => box.variant === variant)!.share
  assert.ok(Math.abs(share('find', 'good') - 0.8) < 1e-9)
  assert.ok(Math.abs(share('read', 'large') - 0.6) < 1e-9)
  assert.ok(Math.abs(share('name', 'only') - 1) < 1e-9)
  for (const task of ['read', 'name']) {
    const into = flows.filter(({ to }) => to[0] === task)
    assert.ok(Math.abs(into.reduce((sum, flow) => sum + flow.share, 0) - 1) < 1e-9, task)
  }
  const good = stages[0]!.boxes[0]!
  assert.equal(good.variant, 'good', 'the most accurate comes first')
  assert.equal(good.instances, 5, 'summed over classes, of this pipeline alone')
})

Deno.test('flowsOf() shows every variant of a plan without traffic', () => {
  const { stages, flows } = flowsOf(pipeline, plan([]))
  assert.equal(flows.length, 0)
  assert.deepEqual(stages.map(({ boxes }) => boxes.map(({ share }) => share)), [[0, 0], [0, 0], [
    0,
  ]])
})

Deno.test('layOut() keeps boxes apart and bands on their boxes, at any width', () => {
  for (const width of [280, 390, 1000, 2400]) {
    const { boxes, bands, height, width: used } = layOut(flowsOf(pipeline, plan(MIX)), width)
    assert.ok(used >= width)
    for (const box of boxes) {
      assert.ok(box.x >= 0 && box.x + box.width <= used + 1e-6 && box.y + box.height <= height)
      for (const other of boxes) {
        if (other === box || other.x !== box.x) continue
        assert.ok(other.y >= box.y + box.height || box.y >= other.y + other.height)
      }
    }
    for (const { from, to, y1, y2, thick } of bands) {
      assert.ok(from.x + from.width < to.x)
      assert.ok(y1 >= from.y - 1e-6 && y1 + thick <= from.y + from.height + 1e-6)
      assert.ok(y2 >= to.y - 1e-6 && y2 + thick <= to.y + to.height + 1e-6)
    }
  }
})
