/**
 * Dispatches the messages of nodes that have joined to the parts of the pool.
 *
 * @module
 */
import type { VariantRef } from '../../policy/core/types.ts'
import type { NodeMessage, Received, ResultMessage } from '../../protocol/mod.ts'
import type { Log } from '../core/log.ts'
import {
  addInstance,
  instanceKey,
  type PooledNode,
  removeInstance,
  roundTripNews,
} from '../nodes/nodes.ts'
import { noteReport } from '../nodes/report.ts'
import { noteScaled } from '../nodes/scaling.ts'
import type { createBatches } from '../queries/batches.ts'
import type { Streams } from '../queries/streams.ts'
import type { Post } from '../scheduler/driver.ts'
import type { createRenewal } from './renewal.ts'

export interface NodeMessageParts {
  /** Variants that the node is able to hold as it runs now. */
  ableOn(node: PooledNode): readonly VariantRef[]
  batches: Pick<ReturnType<typeof createBatches>, 'finished' | 'failed' | 'cancelledEnded'>
  streams: Pick<Streams, 'add'>
  renewal: Pick<ReturnType<typeof createRenewal>, 'noteNode'>
  /** Tells the scheduler what a node is able to hold. */
  postAble(node: PooledNode): void
  weighSilence(): void
  /** Called when the variants that nodes hold, or have yet to load, changed. */
  recheck(): void
  post: Post
  /** The log for a node's messages, at a bounded rate. */
  logOf(node: PooledNode): Log
}

export type OnMessage = (node: PooledNode, received: Received<NodeMessage>) => void

export function createNodeMessages(parts: NodeMessageParts): OnMessage {
  const { ableOn, batches, streams, renewal, postAble, weighSilence, post, logOf, recheck } = parts
  return (node, received) => {
    const { message } = received
    const news = roundTripNews(node)
    if (news !== undefined) post(news)
    switch (message.type) {
      case 'result':
        return batches.finished(node, received as Received<ResultMessage>)
      case 'said':
        return streams.add(node, message.batch, message.items)
      case 'batch_failed':
        if (batches.cancelledEnded(message.batch, node, message.computeMs)) return
        logOf(node)(`node ${node.name} lost a batch: ${message.message}`, 'warn', {
          ...{ event: 'batch_failed', node: node.id, name: node.name },
        })
        return batches.failed(node, message.batch, message.message)
      case 'ready': {
        const { slot, pipeline, task, variant } = message
        const ref = { pipeline, task, variant }
        const key = instanceKey(slot, ref)
        const isAble = ableOn(node).some((one) => instanceKey(slot, one) === key)
        if (slot >= node.slots || !isAble) {
          // The load was sent before its version, the slot or the backend went away.
          node.link.send({ type: 'unload', instances: [{ slot, ...ref }] })
          const message = 'the node is not able to hold it any more'
          return post({ type: 'load_failed', node: node.id, slot, ...ref, message })
        }
        addInstance(node, slot, ref, message)
        post({ type: 'instance_ready', node: node.id, slot, ...ref })
        recheck()
        renewal.noteNode(node)
        return weighSilence()
      }
      case 'load_failed': {
        const { slot, pipeline, task, variant } = message
        logOf(node)(
          `node ${node.name} cannot load ${pipeline}/${task}/${variant}: ${message.message}`,
          'warn',
          { event: 'load_failed', node: node.id, name: node.name, pipeline, task, variant },
        )
        // The node may have held the variant: it gives up a variant whose workers die again and
        // again.
        removeInstance(node, slot, message)
        post({
          ...{ type: 'load_failed', node: node.id, message: message.message },
          ...{ slot, pipeline, task, variant },
        })
        recheck()
        // A limit of the volunteer is no fault of the model.
        const isFault = message.reason === undefined
        const what = `${task} ${variant}`
        renewal.noteNode(node, isFault ? { pipeline, what, message: message.message } : undefined)
        return weighSilence()
      }
      case 'report': {
        const events = noteReport(node, message, logOf(node), () => postAble(node))
        if (events.length === 0) return
        events.forEach(post)
        // A node that paused, resumed or changed its slots counts differently in the work of silent
        // ones.
        return weighSilence()
      }
      case 'scaled':
        return post(noteScaled(node, message, logOf(node)))
      case 'bye':
        return node.link.close(1000, message.reason)
      case 'hello':
      case 'pong':
        return
    }
  }
}
