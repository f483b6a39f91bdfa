/**
 * Nodes that have proven nothing, over real links: they fail every batch, or answer pings and nothing
 * else. Every query that the own node alone could have answered is answered.
 */
import assert from 'node:assert/strict'
import type { Coordinator } from '../../src/cli/serve/coordinator.ts'
import { createOwnToken, trustOptions } from '../../src/cli/serve/trust.ts'
import { createRandom } from '../../src/sim/random.ts'
import {
  ask,
  type Behaviour,
  honest,
  joinScripted,
  pipeline,
  type ScriptedNode,
  untilHolds,
  withCoordinator,
} from './fixture.ts'

const loaded = { dir: '', pipeline, models: {} }
const QUERIES = 20
const HOSTILE = 4
const SLOTS = 4
/** What the own node takes for a batch. */
const OWN_MS = 20

const reads: Behaviour = (batch) =>
  batch.message.task === 'read'
    ? {
      items: batch.message.items.map(() => (
        { ok: true as const, fields: { text: 'true' }, children: {} }
      )),
    }
    : honest(batch)

/** What they claim, so that work goes to them first. */
const QUICK = Object.entries(pipeline.tasks).flatMap(([task, { variants }]) =>
  Object.keys(variants).map((variant) => (
    { pipeline: pipeline.name, task, variant, points: [{ batch: 1, latencyMs: 0.1 }] }
  ))
)

type Fault = (node: ScriptedNode, batch: Parameters<Behaviour>[0]) => void

const FAULTS: { readonly [name: string]: Fault } = {
  'fail every batch': (node, { message: { batch } }) =>
    node.send({ type: 'batch_failed', batch, message: 'Cannot, will not' }),
  'say nothing of any batch': () => {},
}

async function withOwnNode(test: (coordinator: Coordinator) => Promise<void>): Promise<void> {
  const own = createOwnToken()
  const trust = await trustOptions([loaded], createRandom(1))
  await withCoordinator(
    async (coordinator) => {
      await joinScripted(coordinator, 'own', reads, { token: own.token }, OWN_MS)
      await untilHolds(coordinator, 'own', 4)
      await test(coordinator)
    },
    undefined,
    { pipelines: [loaded], trust, isOwn: own.isOwn, hedge: true, log: () => {} },
  )
}

async function joinHostile(coordinator: Coordinator, fault: Fault): Promise<ScriptedNode[]> {
  const nodes: ScriptedNode[] = []
  for (let i = 0; i < HOSTILE; i++) {
    const id = `hostile-${i}`
    const node: ScriptedNode = await joinScripted(coordinator, id, (batch) => {
      fault(node, batch)
      return undefined
    }, { slots: SLOTS })
    node.send({ type: 'report', profile: QUICK })
    nodes.push(node)
    await untilHolds(coordinator, id, 4 * SLOTS)
  }
  return nodes
}

/** Statuses of queries that come one soon after the other. */
async function statuses(coordinator: Coordinator): Promise<Record<string, number>> {
  const answers: Promise<Response>[] = []
  for (let asked = 0; asked < QUERIES; asked++) {
    answers.push(ask(coordinator, { 'x-request-timeout-ms': '2000' }))
    await new Promise((done) => setTimeout(done, OWN_MS))
  }
  const counts: Record<string, number> = {}
  for (const answer of await Promise.all(answers)) {
    const { reason = 'answered' } = await answer.json()
    counts[reason] = (counts[reason] ?? 0) + 1
  }
  return counts
}

for (const [name, fault] of Object.entries(FAULTS)) {
  Deno.test(`beside an own node, new nodes that ${name} cost no query`, async () => {
    await withOwnNode(async (coordinator) => {
      const nodes = await joinHostile(coordinator, fault)
      assert.deepEqual(await statuses(coordinator), { answered: QUERIES })
      for (const node of nodes) await node.leave()
      assert.deepEqual(await statuses(coordinator), { answered: QUERIES })
    })
  })
}
