/**
 * A node is lost in the middle of a batch, in each way that processes are lost: another node answers
 * for it, each query is answered once, and the node serves again where it can.
 */
import assert from 'node:assert/strict'
import { FAULTS, type Outcome, startSufferer, suffer } from '../../src/bench/requeue/faults.ts'
import { SMALL, startRequeueScene } from '../../src/bench/requeue/scene.ts'
import { USUAL } from '../../src/cli/serve/serving.ts'
import { readAdapter } from '../../src/node/engine/adapter.ts'
import { testOfAll } from '../exhaustive.ts'

function check(outcome: Outcome, comesBack: boolean, lines: readonly string[]): void {
  const { lost, backMs, statuses, answers } = outcome
  assert.ok(lost.length > 0)
  for (const { finished, because, requeuedMs, answeredMs } of lost) {
    assert.ok(finished || (because !== undefined && requeuedMs !== undefined))
    assert.ok(answeredMs !== undefined)
  }
  assert.ok(lost.some(({ requeuedMs }) => requeuedMs !== undefined))
  assert.deepEqual(
    Object.keys(statuses),
    ['200'],
    `${JSON.stringify(statuses)}\n${lines.join('\n')}`,
  )
  assert.deepEqual(answers, { 1: statuses['200'] })
  assert.equal(backMs !== undefined, comesBack)
}

testOfAll(
  'items of a node that is lost are done by another, whatever way it is lost',
  async (t) => {
    const scene = await startRequeueScene(USUAL)
    try {
      await scene.addNode('sound')
      const sufferer = await startSufferer(scene, 'sufferer')
      const faults = FAULTS.filter(({ variants }) => variants === USUAL)
      for (const fault of faults.toSorted((a, b) => Number(b.comesBack) - Number(a.comesBack))) {
        const isOver = await t.step(fault.name, async () => {
          check(await sufferer.suffer(fault), fault.comesBack, scene.lines)
        })
        // What comes after a step that failed would wait for ever.
        assert.ok(isOver, fault.name)
      }
      await sufferer.end()
    } finally {
      await scene.end()
    }
  },
)

const adapter = await readAdapter()
const why = adapter === undefined ? ' (skipped: no WebGPU adapter here)' : ''
// A tab whose device is destroyed is tested without it, too.
testOfAll(
  `items of a node whose GPU device is destroyed are done by another${why}`,
  async () => {
    const fault = FAULTS.find(({ variants }) => variants === SMALL)!
    const scene = await startRequeueScene(SMALL)
    try {
      await scene.addNode('sound')
      const [outcome] = await suffer(scene, fault, 1, Infinity)
      check(outcome!, fault.comesBack, scene.lines)
    } finally {
      await scene.end()
    }
  },
  { ignore: adapter === undefined },
)
