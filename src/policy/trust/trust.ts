/**
 * Trust: each node's reputation, and what follows for its results.
 *
 * Results of an unproven node are held until another node confirms them; of a trusted node, a small share
 * is compared after it was sent to the client. If two differ, a third decides. Items with known answers
 * are sent now and then, in frames like any other. A node that is wrong too often gets only those until
 * it was right for long enough.
 *
 * @module
 */
import type { ExtraWork } from '../core/extra_work.ts'
import type { NodeId, NodeTrust, PolicyEvent } from '../core/types.ts'
import type { Finished } from '../state/finish.ts'
import type { Batch, Slot } from '../state/node.ts'
import { Auditor } from './auditor.ts'
import { Canaries } from './canaries.ts'
import { Checks } from './checks.ts'
import { Claims } from './claims.ts'
import { Confirming } from './confirming.ts'
import { Holds } from './holds.ts'
import { Judges, type TrustParts } from './judges.ts'
import { Owed } from './owed.ts'
import { trust as params } from './params.ts'
import {
  type Check,
  isProof,
  isStatement,
  reasonOf,
  sampleOf,
  suspicionBy,
  type Vote,
} from './quorum.ts'
import { fail, pass, shareChecked } from './reputation.ts'
import { Reputations } from './reputations.ts'
import { Turns } from './turns.ts'
import { Unconfirmable } from './unconfirmable.ts'

/** Decision on results. */
export type Verdict = 'verified' | 'unverified' | 'held' | 'refuse'

export class Trust {
  readonly reputations: Reputations
  readonly work: ExtraWork
  readonly confirming: Confirming
  private readonly claims: Claims
  private readonly auditor: Auditor
  private readonly checks: Checks
  private readonly holds: Holds
  private readonly canaries: Canaries
  private alarmUntilMs = -Infinity

  constructor(private readonly parts: TrustParts) {
    this.reputations = new Reputations(parts.emit, parts.proved)
    this.claims = new Claims(parts.shapes)
    this.auditor = new Auditor(parts.shapes, parts.emit, parts.options.audited)
    const { reputations, auditor } = this
    const judges = new Judges(parts, reputations, auditor)
    const [owed, turns] = [new Owed(), new Turns()]
    const unconfirmable = new Unconfirmable(parts.options.keyOf)
    this.confirming = new Confirming(auditor, judges, owed, turns)
    const common = { ...parts, reputations, judges, auditor, unconfirmable }
    this.checks = new Checks({ ...common, owed, turns }, {
      release: (...args) => this.holds.release(...args),
      decided: (...args) => this.decided(...args),
    })
    this.holds = new Holds({ ...common, checks: this.checks })
    this.canaries = new Canaries(parts, reputations, judges, this.checks)
    this.work = this.checks.work
  }

  /** An event as the scheduler sees it; undefined if it concerns only the auditor. */
  before(event: PolicyEvent, nowMs: number): PolicyEvent | undefined {
    const { reputations, claims } = this
    reputations.nowMs = nowMs
    if (this.auditor.takes(event, nowMs)) return undefined
    if (event.type === 'node_joined') {
      reputations.join(event.node, event.own ?? false, event.voter)
    }
    if (event.type === 'node_left') {
      reputations.leave(event.node)
      claims.left(event.node)
    }
    if (event.type === 'pipeline_removed') {
      this.canaries.close(this.parts.shapes.pipelines.get(event.pipeline)!)
    }
    if (event.type !== 'node_reported') return event
    const presence = reputations.present.get(event.node)
    if (presence === undefined) return event
    if (event.paused === undefined) return claims.reported(event)
    presence.paused = event.paused
    const paused = event.paused || reputations.standingOf(event.node) === 'quarantined'
    return claims.reported({ ...event, paused })
  }

  /** Learns a batch's backend and speed; `event` has the time by the coordinator's clock. */
  noteTimes(batch: Batch, event: Finished): void {
    const { id } = batch.slot.node
    const presence = this.reputations.present.get(id)
    if (presence === undefined) return
    presence.backend = event.backend ?? presence.backend
    if (this.reputations.standingOf(id) !== 'own') this.claims.finished(batch, event)
  }

  /**
   * Decides whether the results of a batch are taken now, as verified or not; held for a check; or refused.
   */
  judge(batch: Batch, event: Finished, nowMs: number): Verdict {
    const { id } = batch.slot.node
    const { variant, items } = batch
    const reputation = this.reputations.get(id)
    this.work.items += items.length
    this.checks.usual(variant.task, items[0]!.deadlineMs - batch.dispatchedMs)
    if (reputation === undefined) return this.auditor.isOn ? 'refuse' : 'unverified'
    if (reputation.own) return 'verified'
    const positions = items.flatMap((_, i) => {
      const outcome = event.outcomes[i]
      return outcome !== undefined && isStatement(outcome) ? [i] : []
    })
    for (const i of positions) {
      const fault = this.parts.options.faultOf?.(variant.ref, event.outcomes[i]!)
      if (fault === undefined) continue
      this.reputations.blatant(id, fault, variant.ref)
      return 'refuse'
    }
    if (reputation.quarantined) return 'refuse'
    const presence = this.reputations.present.get(id)
    if (presence !== undefined) presence.batches++
    if (positions.length === 0) return 'unverified'
    const isTrusted = this.reputations.standingOf(id, variant.ref) === 'trusted'
    if (this.auditor.isOn && !isTrusted) {
      this.holds.confirm({ batch, event, positions }, nowMs)
      return 'held'
    }
    const least = nowMs < this.alarmUntilMs ? params.audited : 0
    const share = Math.max(shareChecked(reputation, variant.ref), least)
    const isHeld = this.holds.check({ batch, event, positions }, share, nowMs)
    return isHeld ? 'held' : isTrusted ? 'verified' : 'unverified'
  }

  /** Sends checks to free slots. */
  place(freed: readonly Slot[], nowMs: number): void {
    if (this.reputations.strangers > 0) this.canaries.tick(nowMs)
    this.checks.place(freed, nowMs)
  }

  nextMs(): number {
    const canaryMs = this.reputations.strangers > 0 ? this.canaries.nextMs() : Infinity
    return Math.min(canaryMs, this.checks.nextMs())
  }

  of(node: NodeId): NodeTrust | undefined {
    return this.reputations.trustOf(node, this.claims.slowerThanSaid(node))
  }

  private decided(
    check: Check,
    right: readonly Vote[] | undefined,
    groups: Vote[][],
    nowMs: number,
  ): void {
    const { kind, variant: { ref } } = check
    const wrong = right === undefined ? [] : groups.filter((group) => group !== right).flat()
    if (kind === 'canary') {
      this.canaries.ended(check, right === undefined || wrong.length > 0, nowMs)
    }
    if (kind === 'question') {
      this.canaries.answered(check, right && sampleOf(right)?.reports[0], nowMs)
    }
    if (right === undefined) return
    for (const vote of wrong) {
      const { node } = vote
      if (node === null) continue
      // Other nodes may be wrong in the same way.
      if (this.reputations.standingOf(node) === 'trusted') {
        this.alarmUntilMs = nowMs + params.checkMs
      }
      const isLie = isProof(right, vote, ref, this.parts.options)
      const [suspicion, reason] = [suspicionBy(right), reasonOf(ref, right)]
      this.reputations.change(node, (one) => fail(one, suspicion, reason, isLie))
    }
    for (const { node } of right.length > 1 ? right : []) {
      if (node !== null) this.reputations.change(node, (one) => pass(one, kind === 'canary', ref))
    }
  }
}
