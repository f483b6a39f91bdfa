/**
 * When results for a query would be confirmed if only the auditor can confirm them: a query is admitted if
 * that is in time, just as slots must have time for it.
 *
 * @module
 */
import type { PipelineShape, VariantShape } from '../core/graph.ts'
import type { Query } from '../state/query.ts'
import type { Auditor } from './auditor.ts'
import type { Judges } from './judges.ts'
import type { Owed } from './owed.ts'
import { trust as params } from './params.ts'
import type { Turns } from './turns.ts'

/** A query that may be admitted. */
export interface NewQuery {
  shape: PipelineShape
  client?: string | undefined
  unverified?: boolean | undefined
}

export class Confirming {
  /** Whether trusted nodes run all tasks of a pipeline, and until when that is valid. */
  private readonly served = new WeakMap<PipelineShape, { is: boolean; untilMs: number }>()

  constructor(
    private readonly auditor: Auditor,
    private readonly judges: Judges,
    private readonly owed: Owed,
    private readonly turns: Turns,
  ) {}

  /**
   * ms until results for the query would be confirmed, given the duration of its quickest path: 0 if the
   * auditor is not needed, Infinity if nothing can confirm them.
   */
  inMs(query: NewQuery, chainMs: number, nowMs: number): number {
    const { shape, client = '' } = query
    if (!this.isNeeded(query, nowMs)) return 0
    if (!this.judges.couldAudit(shape)) return Infinity
    this.turns.requests(client, nowMs)
    const needMs = this.owed.needMs(shape, chainMs)
    const beginsMs = Math.max(this.auditor.freeInMs(nowMs), this.turns.waitMs(client, nowMs))
    return chainMs + beginsMs + this.owed.doneInMs(client, needMs)
  }

  /** Whether results of this variant can be confirmed, or need not be. */
  isPossible({ unverified }: Query, variant: VariantShape, nowMs: number): boolean {
    const { auditor, judges } = this
    return !auditor.isOn || unverified || auditor.isAble(variant) ||
      judges.areTrusted(variant, nowMs)
  }

  entered(query: Query, nowMs: number): void {
    this.owed.entered(query, this.isNeeded(query, nowMs) ? this.owed.needMs(query.shape) : 0)
  }

  left(query: Query, isAnswered: boolean): void {
    this.owed.left(query, isAnswered)
  }

  private isNeeded({ shape, unverified }: NewQuery, nowMs: number): boolean {
    if (!this.auditor.isOn || unverified) return false
    const known = this.served.get(shape)
    if (known !== undefined && nowMs < known.untilMs) return !known.is
    const is = this.judges.serve(shape, nowMs)
    this.served.set(shape, { is, untilMs: nowMs + params.tickMs })
    return !is
  }
}
