/**
 * Recruiting: cold nodes load what is placed when they are needed, and are let go of after a long rest.
 *
 * @module
 */
import type { NodeId, PolicyCommand } from '../core/types.ts'
import { isCold, type PoolNode } from '../state/node.ts'
import type { Pool } from '../state/pool.ts'
import { use } from './params.ts'

/** Cold nodes, as decisions on how many to recruit read them. */
export interface Cold {
  /** Nodes that can be recruited, and that are on their way. */
  nodes: number
  coming: number
  /** ms until one serves. */
  afterMs: number
}

export interface RecruitingParts {
  pool: Pick<Pool, 'nodes' | 'warm' | 'setPresence'>
  /** Has it load what is placed. */
  join(node: PoolNode, nowMs: number): void
  /** Has it unload all that it holds, and places without it. */
  letGo(node: PoolNode, nowMs: number): void
  emit(command: PolicyCommand): void
}

export class Recruiting {
  /** ms of a node from being recruited until it holds all; as seen. */
  private coldMs = use.coldMs
  private seen = 0

  constructor(private readonly parts: RecruitingParts) {}

  /** Loads so many cold nodes. */
  recruit(count: number, nowMs: number): void {
    const { pool, join, emit } = this.parts
    const found = [...pool.nodes.values()].filter((node) => isCold(node) && !node.paused)
    for (const node of found.slice(0, count)) {
      node.recruitedMs = nowMs
      pool.setPresence(node, 'coming')
      emit({ type: 'scale', node: node.id, ...node.told })
      join(node, nowMs)
    }
  }

  /** One, where nothing is warm: such a pool could answer nobody. */
  first(nowMs: number): void {
    if (this.parts.pool.warm.size === 0) this.recruit(1, nowMs)
  }

  /** A node that was recruited holds all that it is to hold. */
  came(node: PoolNode, nowMs: number): void {
    this.parts.pool.setPresence(node, 'warm')
    const weight = this.seen++ === 0 ? 1 : use.coldWeight
    const tookMs = Math.min(nowMs - node.recruitedMs, use.patience * this.coldMs)
    this.coldMs += weight * (tookMs - this.coldMs)
  }

  /** Has a node that was recruited let go of all that it holds; the last one that is warm stays so. */
  release(id: NodeId, nowMs: number): void {
    const { pool, letGo } = this.parts
    const node = pool.warm.get(id)
    if (node === undefined || pool.warm.size === 1) return
    pool.setPresence(node, 'cold')
    letGo(node, nowMs)
  }

  /** One that is long overdue is not waited for: others are recruited in its place. */
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
