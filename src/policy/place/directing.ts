/**
 * Directing: says what the slots of each node are to hold, and starts the loads that can begin. It looks
 * at all nodes where they compete for variants, and else at those that changed.
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
  /** A placement is in force. */
  isPlaced(): boolean
  /** Shares the placement out among the slots anew. */
  place(nowMs: number): void
}

export class Directing {
  readonly background: Background
  readonly retirement: Retirement
  #parts: DirectingParts
  #throttle = new Throttle()
  #isTight: boolean | undefined
  /** Nodes that cannot hold all and wait for a first placement, and until when. */
  #waitsUntilMs = new Map<NodeId, number>()
  /** When a load may go on by the time alone; undefined after anything that may have changed it. */
  #loadAtMs: number | undefined

  constructor(parts: DirectingParts) {
    this.#parts = parts
    this.background = new Background(parts.pool)
    this.retirement = new Retirement(parts.pool.warm, parts.isOpen, parts.loader)
  }

  /** Slots of some node cannot hold all that it is able to: what they hold has to be placed. */
  isTight(): boolean {
    return this.#isTight ??= [...this.#parts.pool.warm.values()].some(({ fitsAll }) => !fitsAll)
  }

  /** What some node is able to hold changed. */
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
   * What slots are to hold may have changed: says so to them, and starts what can be started.
   *
   * @param some nothing changed but here: enough where no node competes with another, and for now
   *   where so many do that all are looked at later
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

  /** The time may let loads go on. */
  wake(nowMs: number): void {
    if (this.#nextLoadMs() <= nowMs) this.direct(nowMs)
    else if (this.background.atMs() <= nowMs) this.direct(nowMs, this.background.take())
  }

  /** When `wake` may do something. */
  nextWakeMs(): number {
    return Math.min(this.#nextLoadMs(), this.background.atMs())
  }

  /** When a load may be tried again, or a slot has waited long enough for a placement. */
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

  /** All, in the order of loading; or, where it has waited for a placement in vain, what fits. */
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
