/**
 * Directing: says what the slots of each node are to hold, and starts the loads that can begin. It looks
 * at all nodes where they compete for variants, and else at those that changed.
 *
 * @module
 */
import type { VariantShape } from '../core/graph.ts'
import type { NodeId } from '../core/types.ts'
import { Background, type BackgroundParts } from './background.ts'
import { Throttle } from './due.ts'
import type { LoadOrder } from './load_order.ts'
import { type Loader, Retirement } from './loader.ts'
import { greedy, loadNext, type Member } from './member.ts'
import { load } from './params.ts'

export interface DirectingParts extends BackgroundParts {
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
    this.background = new Background(parts)
    this.retirement = new Retirement(parts.members, parts.isOpen, parts.loader)
  }

  /** Slots of some node cannot hold all that it is able to: what they hold has to be placed. */
  isTight(): boolean {
    return this.#isTight ??= [...this.#parts.members.values()].some(({ fitsAll }) => !fitsAll)
  }

  /** What some node is able to hold changed. */
  changed(): void {
    this.#isTight = undefined
  }

  joined(node: NodeId, nowMs: number): void {
    this.#waitsUntilMs.set(node, nowMs + load.patienceMs)
    this.changed()
  }

  left(member: Member): void {
    this.background.left(member)
    this.#waitsUntilMs.delete(member.id)
    this.changed()
  }

  /**
   * What slots are to hold may have changed: says so to them, and starts what can be started.
   *
   * @param some nothing changed but here: enough where no node competes with another, and for now
   *   where so many do that all are looked at later
   */
  direct(nowMs: number, some?: readonly Member[]): void {
    const { members, loader } = this.#parts
    const isTight = this.isTight()
    const waits = some !== undefined && isTight && this.#throttle.waits(members.size, nowMs)
    const alone = some !== undefined && (waits || !isTight)
    const concerned = alone ? some : [...members.values()]
    for (const member of concerned) this.#want(member, nowMs)
    if (!waits) {
      this.#throttle.looked(nowMs)
      if (isTight) this.#parts.place(nowMs)
    }
    this.retirement.retire()
    for (const member of concerned) {
      loadNext(loader, member, (slot) => this.background.may(member, slot, nowMs), nowMs)
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
    return this.#loadAtMs ??= this.#retryAtMs(this.#parts.members.values())
  }

  #retryAtMs(some: Iterable<Member>): number {
    let next = this.#throttle.atMs(this.#parts.members.size)
    for (const member of some) {
      next = Math.min(next, this.#waitsUntilMs.get(member.id) ?? Infinity)
      if (this.background.holds(member)) continue
      for (const slot of member.slots) next = Math.min(next, this.#parts.loader.retryAtMs(slot))
    }
    return next
  }

  /** All, in the order of loading; or, where it has waited for a placement in vain, what fits. */
  #want(member: Member, nowMs: number): void {
    const all = member.fitsAll ? this.#parts.wanted.orderOf(member, nowMs) : undefined
    const waited = (this.#waitsUntilMs.get(member.id) ?? Infinity) <= nowMs
    const isPlaced = this.#parts.isPlaced()
    if (all || waited || isPlaced) this.#waitsUntilMs.delete(member.id)
    for (const slot of member.slots) {
      if (all) slot.wanted = [...all]
      else if (slot.wanted.length === 0 && !isPlaced && waited) slot.wanted = greedy(member)
    }
  }
}
