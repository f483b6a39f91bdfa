/**
 * The order of checks at the auditor, and how long each may take.
 *
 * @module
 */
import type { ExtraWork } from '../core/extra_work.ts'
import type { VariantShape } from '../core/graph.ts'
import type { Finished } from '../state/finish.ts'
import type { Auditor } from './auditor.ts'
import type { Judges } from './judges.ts'
import type { Owed } from './owed.ts'
import { trust as params } from './params.ts'
import { type Check, likeOf } from './quorum.ts'
import type { Turns } from './turns.ts'
import type { Unconfirmable } from './unconfirmable.ts'

export class Audits {
  constructor(
    private readonly auditor: Auditor,
    private readonly judges: Judges,
    private readonly owed: Owed,
    private readonly turns: Turns,
    private readonly unconfirmable: Unconfirmable,
    private readonly work: ExtraWork,
  ) {}

  /** Whether the auditor would get to a check of this variant soon. */
  isNear(variant: VariantShape, pending: Iterable<Check>, nowMs: number): boolean {
    if (!this.auditor.knows(variant, nowMs)) return false
    let waiting = 0
    for (const { held } of pending) if (held !== null) waiting++
    return waiting < params.auditorQueue
  }

  /** The next check: of the client with the least auditor time, and of its checks the earliest due. */
  next(pending: Iterable<Check>, nowMs: number): Check | undefined {
    if (!this.auditor.idle) return undefined
    let next: Check | undefined
    for (const check of pending) {
      if (!this.judges.canAudit(check, nowMs)) continue
      if (this.turns.waitMs(check.client, nowMs) > 0) continue
      if (next === undefined || this.isBefore(check, next)) next = check
    }
    return next
  }

  /** @param ended called with the result; without one if the auditor has none */
  ask(check: Check, nowMs: number, ended: (atMs: number, event?: Finished) => void): void {
    const { kind, variant, items, held, client } = check
    this.turns.begins(client, nowMs)
    check.auditing = true
    check.assigned.add(this.auditor.id!)
    this.work.audits += items.length
    const { sloMs } = variant.task.pipeline.pipeline
    const limitMs = kind === 'replica' ? Math.max(params.auditMs, sloMs) : params.checkMs
    this.auditor.ask({
      ...{ variant, items, like: likeOf(check), limitMs },
      ended: (atMs, ranMs, event) => {
        check.auditing = false
        const isInVain = ranMs !== undefined && event === undefined
        this.turns.ended(client, ranMs ?? 0, isInVain, atMs)
        check.wasAudited ||= ranMs !== undefined
        if (kind === 'replica' && isInVain) {
          for (const { payload } of items) this.unconfirmable.add(payload, atMs)
        } else if (held !== null) this.owed.audited(held.batch.items[0]!.query, ranMs ?? 0)
        ended(atMs, event)
      },
    }, nowMs)
  }

  private isBefore(a: Check, b: Check): boolean {
    const more = this.turns.of(a.client) - this.turns.of(b.client)
    if (more !== 0) return more < 0
    if (a.held !== null || b.held !== null) {
      return (a.held?.dueMs ?? Infinity) < (b.held?.dueMs ?? Infinity)
    }
    const { auditor } = this
    return a.sinceMs + auditor.putOffMs(a.variant) < b.sinceMs + auditor.putOffMs(b.variant)
  }
}
