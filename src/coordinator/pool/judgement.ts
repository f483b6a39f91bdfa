/**
 * What follows when a node's word is worth more than before, or less.
 *
 * @module
 */
import type { Log } from '../core/log.ts'
import type { PooledNode } from '../nodes/nodes.ts'
import type { Telemetry } from '../observe/metrics/telemetry.ts'
import type { createBatches } from '../queries/batches.ts'
import type { Command } from '../scheduler/driver.ts'

export interface JudgementParts {
  nodes: ReadonlyMap<string, PooledNode>
  batches: Pick<ReturnType<typeof createBatches>, 'abandon'>
  telemetry: Pick<Telemetry, 'judged'>
  weighSilence(): void
  log: Log
}

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
  // What a silent node has cannot go to one in quarantine.
  weighSilence()
}
