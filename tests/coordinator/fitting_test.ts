/** A batch of pictures that no message has room for: what fits is sent, the others are told of. */
import assert from 'node:assert/strict'
import { createBatches, type Dispatch } from '../../src/coordinator/queries/batches.ts'
import { createStreams } from '../../src/coordinator/queries/streams.ts'
import { createPooledNode } from '../../src/coordinator/nodes/nodes.ts'
import type { PolicyEvent } from '../../src/policy/core/types.ts'
import {
  createCoordinatorMessageReader,
  framesOf,
  type ResultMessage,
} from '../../src/protocol/mod.ts'
import { pipeline } from './fixture.ts'

type Link = Parameters<typeof createPooledNode>[0]
type Hello = Parameters<typeof createPooledNode>[1]

const MIB = 1024 * 1024

Deno.test('of pictures larger than a message together those that fit are sent, and the rest comes back', () => {
  const read = createCoordinatorMessageReader()
  let sent = 0
  const send: Link['send'] = (message, blobs = []) => {
    // As a node reads it.
    for (const frame of framesOf(message, blobs, 1)) {
      const data = typeof frame === 'string' ? frame : frame.slice().buffer
      if (read(data)?.message.type === 'batch') sent = blobs.length
    }
  }
  const node = createPooledNode({ send } as Link, { nodeId: 'a', slots: 1 } as Hello)
  const posted: PolicyEvent[] = []
  const batches = createBatches(
    new Map([[pipeline.name, pipeline]]),
    (event) => void posted.push(event),
    () => 0,
    () => true,
    { batch: () => {}, batchFailed: () => {} },
    createStreams({
      ...{ pipelines: new Map(), now: () => 0, lost: () => {} },
      ...{ onTextOf: () => undefined, isTrusted: () => true },
    }),
  )
  const bytes = new Uint8Array(32 * MIB)
  const items = ['q', 'r', 's', 't'].map((query) => ({ query, payload: { meta: {}, bytes } }))
  const command = {
    ...{ type: 'dispatch', batch: 1, node: 'a', slot: 0, items, deadlineMs: 1000 },
    ...{ pipeline: pipeline.name, task: 'find', variant: 'fast', expectedMs: 1, giveUpMs: 1000 },
  } as Dispatch
  batches.dispatch(command, node)
  assert.ok(sent > 0 && sent < items.length, `${sent} sent`)
  const done = { ok: true as const, fields: {}, children: {} }
  const message: ResultMessage = {
    ...{ type: 'result', batch: 1, queueMs: 0, computeMs: 1, elapsedMs: 1 },
    items: Array.from({ length: sent }, () => done),
  }
  batches.finished(node, { message, blobs: [] })
  const [finished] = posted
  assert.equal(finished?.type, 'batch_finished')
  assert.deepEqual(
    finished.outcomes.map((outcome) => outcome.ok || outcome.fatal),
    items.map((_, i) => i < sent),
  )
})
