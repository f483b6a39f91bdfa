/**
 * Directing: decides what the slots of each node should hold, and starts the loads that can begin. If nodes
 * compete for variants it checks all nodes, else only those that changed.
 *
 * @module
 */
import type { VariantShape } from '../core/graph.ts'
import type { NodeId } from '../core/types.ts'
import type { PoolNode } from '../state/node.ts'
import type { Pool } from '../state/pool.ts'
import { Background } from './background.ts'
import { Throttle } from './due.ts'
import type { LoadOrder } from './load_order.ts'
import { type Loader, Retirement } from './loader.ts'
import { greedy } from './holding.ts'
import { load } from './params.ts'

export interface DirectingParts {
  pool: Pick<Pool, 'warm' | 'has' | 'lastBatchMs'>
  loader: Loader
  wanted: Pick<LoadOrder, 'orderOf'>
  isOpen(variant: VariantShape): boolean
  /** Whether a placement is in force. */
  isPlaced(): boolean
  /** Distributes the placement over the slots again. */
  place(nowMs: number): void
}

export class Directing {
  readonly background: Background
  readonly retirement: Retirement
  #parts: DirectingParts
  #throttle = new Throttle()
  #isTight: boolean | undefined
  /** Nodes that cannot hold all variants and wait for a first placement, with the end of the wait. */
  #waitsUntilMs = new Map<NodeId, number>()
  /** When time alone lets a load continue; undefined after a change that may affect it. */
  #loadAtMs: number | undefined

  constructor(parts: DirectingParts) {
    this.#parts = parts
    this.background = new Background(parts.pool)
    this.retirement = new Retirement(parts.pool.warm, parts.isOpen, parts.loader)
  }

  /** Whether some node's slots cannot hold all its able variants: then a placement decides. */
  isTight(): boolean {
    return this.#isTight ??= [...this.#parts.pool.warm.values()].some(({ fitsAll }) => !fitsAll)
  }

  /** The able variants of some node changed. */
  changed(): void {
    this.#isTight = undefined
  }

  joined(node: NodeId, nowMs: number): void {
    this.#waitsUntilMs.set(node, nowMs + load.patienceMs)
    this.changed()
  }

  left(node: PoolNode): void {
    this.background.left(node)
    this.#waitsUntilMs.delete(node.id)
    this.changed()
  }

  /**
   * Updates what slots should hold, and starts the loads that can begin.
   *
   * @param some the nodes that changed, if only these did. They are enough if no node competes with another,
   *   and in a large pool until the next check of all nodes
   */
  direct(nowMs: number, some?: readonly PoolNode[]): void {
    const { pool: { warm }, loader } = this.#parts
    const isTight = this.isTight()
    const waits = some !== undefined && isTight && this.#throttle.waits(warm.size, nowMs)
    const alone = some !== undefined && (waits || !isTight)
    const concerned = alone ? some : [...warm.values()]
    for (const node of concerned) this.#want(node, nowMs)
    if (!waits) {
      this.#throttle.looked(nowMs)
      if (isTight) this.#parts.place(nowMs)
    }
    this.retirement.retire()
    for (const node of concerned) {
      loader.start(node, (slot) => this.background.may(slot, nowMs), nowMs)
    }
    const before = alone ? this.#loadAtMs : undefined
    this.#loadAtMs = before === undefined ? undefined : Math.min(before, this.#retryAtMs(some!))
  }

  /** Continues loads that time alone lets continue. */
  wake(nowMs: number): void {
    if (this.#nextLoadMs() <= nowMs) this.direct(nowMs)
    else if (this.background.atMs() <= nowMs) this.direct(nowMs, this.background.take())
  }

  /** When `wake` may have something to do. */
  nextWakeMs(): number {
    return Math.min(this.#nextLoadMs(), this.background.atMs())
  }

  /** When a load may be tried again, or a node has waited long enough for a placement. */
  #nextLoadMs(): number {
    return this.#loadAtMs ??= this.#retryAtMs(this.#parts.pool.warm.values())
  }

  #retryAtMs(some: Iterable<PoolNode>): number {
    let next = this.#throttle.atMs(this.#parts.pool.warm.size)
    for (const node of some) {
      next = Math.min(next, this.#waitsUntilMs.get(node.id) ?? Infinity)
      if (this.background.holds(node)) continue
      for (const slot of node.slots) next = Math.min(next, this.#parts.loader.retryAtMs(slot))
    }
    return next
  }

  /** Sets what slots should hold: all in loading order; or what fits, if no placement came in time. */
  #want(node: PoolNode, nowMs: number): void {
    const all = node.fitsAll ? this.#parts.wanted.orderOf(node, nowMs) : undefined
    const waited = (this.#waitsUntilMs.get(node.id) ?? Infinity) <= nowMs
    const isPlaced = this.#parts.isPlaced()
    if (all || waited || isPlaced) this.#waitsUntilMs.delete(node.id)
    for (const slot of node.slots) {
      if (all) slot.wanted = [...all]
      else if (slot.wanted.length === 0 && !isPlaced && waited) slot.wanted = greedy(node)
    }
  }
}
