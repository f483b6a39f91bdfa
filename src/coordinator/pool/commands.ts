/**
 * Carries out what the scheduler says: batches and loads go to nodes, answers to who asked.
 *
 * @module
 */
import { instanceKey, type PooledNode, removeInstance } from '../nodes/nodes.ts'
import { scaleNode } from '../nodes/scaling.ts'
import type { createBatches } from '../queries/batches.ts'
import type { createQueries } from '../queries/queries.ts'
import type { Streams } from '../queries/streams.ts'
import type { Command, Post } from '../scheduler/driver.ts'
import { type JudgementParts, noteJudgement } from './judgement.ts'

export interface CommandParts extends JudgementParts {
  /** Of those that serve and those that judge. */
  find(node: string): PooledNode | undefined
  batches: ReturnType<typeof createBatches>
  queries: Pick<ReturnType<typeof createQueries>, 'answer'>
  post: Post
  streams: Pick<Streams, 'close'>
}

export function createCommands(parts: CommandParts): (command: Command) => void {
  const { find, batches, streams, queries, weighSilence, post } = parts
  return (command) => {
    switch (command.type) {
      case 'answer':
        batches.release(command.query)
        return queries.answer(command.query, streams.close(command.query, command.answer))
      case 'dispatch': {
        const node = find(command.node)
        if (node?.link.open) return batches.dispatch(command, node)
        return post({ type: 'batch_failed', batch: command.batch, message: 'the node has left' })
      }
      case 'cancel_batch':
        return batches.cancel(command.batch)
      case 'load':
      case 'unload': {
        const { type, slot, pipeline, task, variant } = command
        const node = find(command.node)
        if (node !== undefined && type === 'unload') {
          removeInstance(node, slot, command)
          weighSilence()
        } else node?.loading.add(instanceKey(slot, command))
        node?.link.send({ type, instances: [{ slot, pipeline, task, variant }] })
        return
      }
      case 'judged':
        return noteJudgement(command, parts)
      case 'scale': {
        const node = find(command.node)
        return node && scaleNode(node, command)
      }
    }
  }
}
