/**
 * Recruiting: cold nodes load the placement when needed, and are released after a long rest.
 *
 * @module
 */
import type { NodeId, PolicyCommand } from '../core/types.ts'
import { isCold, type PoolNode } from '../state/node.ts'
import type { Pool } from '../state/pool.ts'
import { use } from './params.ts'

/** Cold nodes, as input to decisions on recruiting. */
export interface Cold {
  /** Number of nodes that can be recruited, and of those being loaded. */
  nodes: number
  coming: number
  /** ms until a recruited node serves. */
  afterMs: number
}

export interface RecruitingParts {
  pool: Pick<Pool, 'nodes' | 'warm' | 'setPresence'>
  /** Makes the node load what is placed. */
  join(node: PoolNode, nowMs: number): void
  /** Makes the node unload all it holds, and places without it. */
  letGo(node: PoolNode, nowMs: number): void
  emit(command: PolicyCommand): void
}

export class Recruiting {
  /** Moving mean of ms from recruiting a node until it holds all. */
  private coldMs = use.coldMs
  private seen = 0

  constructor(private readonly parts: RecruitingParts) {}

  /** Starts loading up to `count` cold nodes. */
  recruit(count: number, nowMs: number): void {
    const { pool, join, emit } = this.parts
    const found = [...pool.nodes.values()].filter((node) => isCold(node) && !node.paused)
    for (const node of found.slice(0, count)) {
      node.recruitedMs = nowMs
      pool.setPresence(node, 'coming')
      emit({ type: 'scale', node: node.id, ...node.requested })
      join(node, nowMs)
    }
  }

  /** Recruits one node if none is warm: such a pool could answer no query. */
  first(nowMs: number): void {
    if (this.parts.pool.warm.size === 0) this.recruit(1, nowMs)
  }

  /** A recruited node holds all it should. */
  came(node: PoolNode, nowMs: number): void {
    this.parts.pool.setPresence(node, 'warm')
    const weight = this.seen++ === 0 ? 1 : use.coldWeight
    const tookMs = Math.min(nowMs - node.recruitedMs, use.patience * this.coldMs)
    this.coldMs += weight * (tookMs - this.coldMs)
  }

  /** Makes a recruited node unload all it holds; the last warm node stays. */
  release(id: NodeId, nowMs: number): void {
    const { pool, letGo } = this.parts
    const node = pool.warm.get(id)
    if (node === undefined || pool.warm.size === 1) return
    pool.setPresence(node, 'cold')
    letGo(node, nowMs)
  }

  /** Counts cold nodes. A long overdue one does not count as coming, so others are recruited instead. */
  count(nowMs: number): Cold {
    let [nodes, coming] = [0, 0]
    for (const { presence, paused, recruitedMs } of this.parts.pool.nodes.values()) {
      if (paused) continue
      if (presence === 'cold') nodes++
      if (presence === 'coming' && nowMs - recruitedMs < use.patience * this.coldMs) coming++
    }
    return { nodes, coming, afterMs: this.coldMs }
  }
}
