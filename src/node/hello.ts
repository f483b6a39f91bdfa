/**
 * How a node introduces itself on a new connection.
 *
 * @module
 */
import { type Hello, PROTOCOL_VERSION } from '../protocol/messages.ts'
import type { BackendChoice } from './backend/choice.ts'
import type { HoldLimits } from './limits/hold_limits.ts'
import type { NodeOptions } from './node_options.ts'

export interface HelloFacts {
  nodeId: string
  secret: string
  epoch: number
  slots: number
  duty: number
  cached: string[]
  limits: HoldLimits
  choice: Pick<BackendChoice, 'use' | 'reason' | 'device' | 'threads'>
}

export function helloOf({ host, name, token, watts, cold }: NodeOptions, facts: HelloFacts): Hello {
  const { nodeId, secret, epoch, slots, duty, cached, limits, choice } = facts
  return {
    type: 'hello',
    protocol: PROTOCOL_VERSION,
    nodeId,
    secret,
    epoch,
    slots,
    duty,
    cached,
    runtime: host.runtime,
    backend: choice.use.backend,
    backendReason: choice.reason,
    threadsPerRun: choice.use.threads,
    downloads: limits.downloads,
    ...(limits.code ? { code: true } : {}),
    ...(choice.device === undefined ? {} : { device: choice.device }),
    ...(name === undefined ? {} : { name }),
    ...(token === undefined ? {} : { token }),
    ...(watts === undefined ? {} : { watts }),
    ...(cold === true ? { cold } : {}),
    ...(choice.threads.speedups === undefined ? {} : { speedups: [...choice.threads.speedups] }),
    ...(limits.memoryBytes === Infinity ? {} : {
      memoryBytes: Math.floor(limits.memoryBytes),
      slotMemoryBytes: Math.floor(limits.slotBytes),
    }),
    ...(limits.maxPixels === undefined ? {} : { maxPixels: limits.maxPixels }),
  }
}
