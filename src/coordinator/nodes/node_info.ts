/**
 * A node as `/v1/nodes` shows it.
 *
 * @module
 */
import type { NodeInfo } from '../../client/types.ts'
import { publicName } from '../../pipeline/version.ts'
import type { NodeTrust, SchedulerStats } from '../../policy/core/types.ts'
import type { PooledNode } from './nodes.ts'
import { inUseOf, limitOf } from './scaling.ts'

export function nodeInfo(
  node: PooledNode,
  stats: SchedulerStats['nodes'][string] | undefined,
): NodeInfo {
  return {
    id: node.id,
    name: node.name,
    runtime: node.hello.runtime ?? 'deno',
    state: stats?.trust?.standing === 'quarantined' ? 'quarantined' : stats?.state ?? 'standby',
    backend: node.backend,
    backendReason: node.backendReason,
    threadsPerRun: node.threadsPerRun,
    fallbacks: [...node.fallbacks.values()].map((one) => ({
      ...one,
      pipeline: publicName(one.pipeline),
    })),
    device: node.hello.device ?? null,
    code: node.hello.code ?? false,
    class: stats?.class ?? 'default',
    instances: node.instances.size,
    slots: node.lentSlots,
    duty: node.hello.duty ?? 1,
    limit: limitOf(node),
    inUse: inUseOf(node),
    cold: node.hello.cold ?? false,
    trust: stats?.trust?.trust ?? 1,
    trustReason: stats?.trust === undefined ? null : trustReasonOf(stats.trust),
    memoryBytes: node.hello.memoryBytes ?? null,
    slotMemoryBytes: node.hello.slotMemoryBytes ?? null,
    downloads: node.hello.downloads ?? 'all',
    pausedBy: node.pausedBy ?? (node.held ? 'coordinator' : null),
    roundTripMs: node.link.roundTripMs ?? null,
    bytesSent: node.link.bytesSent,
    bytesReceived: node.link.bytesReceived,
    progress: node.progress,
    profile: node.profile,
  }
}

function trustReasonOf({ reason, slowerThanSaid }: NodeTrust): string {
  if (slowerThanSaid <= 1) return reason
  return `${reason}; ${slowerThanSaid.toFixed(1)} times slower than it says, and planned so`
}
