/**
 * Carries out the scheduler's commands: batches and loads go to nodes, answers to clients.
 *
 * @module
 */
import type { Log } from '../core/log.ts'
import { instanceKey, type PooledNode, removeInstance } from '../nodes/nodes.ts'
import { scaleNode } from '../nodes/scaling.ts'
import type { Telemetry } from '../observe/metrics/telemetry.ts'
import type { createBatches } from '../queries/batches.ts'
import type { createQueries } from '../queries/queries.ts'
import type { Streams } from '../queries/streams.ts'
import type { Command, Post } from '../scheduler/driver.ts'

export interface CommandParts extends JudgementParts {
  /** A node or an auditor. */
  find(node: string): PooledNode | undefined
  batches: ReturnType<typeof createBatches>
  queries: Pick<ReturnType<typeof createQueries>, 'answer'>
  post: Post
  streams: Pick<Streams, 'close'>
}

interface JudgementParts {
  nodes: ReadonlyMap<string, PooledNode>
  batches: Pick<ReturnType<typeof createBatches>, 'abandon'>
  telemetry: Pick<Telemetry, 'judged'>
  weighSilence(): void
  log: Log
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

/** Notes that a node is trusted more than before, or less. */
export function noteJudgement(
  { node: id, standing, reason }: Extract<Command, { type: 'judged' }>,
  { nodes, batches, telemetry, weighSilence, log }: JudgementParts,
): void {
  const node = nodes.get(id)
  const name = node?.name ?? id
  const isOut = standing === 'quarantined'
  telemetry.judged(standing)
  log(
    isOut ? `node ${name} is in quarantine: ${reason}` : `node ${name} is ${standing}: ${reason}`,
    isOut ? 'warn' : 'info',
    { event: 'node_judged', node: id, name, standing, reason },
  )
  if (node === undefined) return
  if (node.quarantined === isOut) return
  node.quarantined = isOut
  if (isOut) batches.abandon(node, 'the node is in quarantine')
  // A node in quarantine cannot take over the work of a silent one.
  weighSilence()
}
