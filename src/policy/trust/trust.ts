/**
 * Trust: each node's reputation, and what follows for its results.
 *
 * Results of a node that has yet to prove itself wait until another node said the same; of one that
 * has, a small share is compared behind the client's back. Where two differ a third decides. Known
 * answers are asked for now and then, in frames like any other. A node that is wrong too often gets
 * nothing but those until it was right for long enough.
 *
 * @module
 */
import type { ExtraWork } from '../core/extra_work.ts'
import type { NodeId, NodeTrust, PolicyEvent } from '../core/types.ts'
import type { Finished } from '../state/finish.ts'
import { unsettle } from '../state/query.ts'
import type { Batch, Slot } from '../state/slots.ts'
import { Auditor } from './auditor.ts'
import { Canaries } from './canaries.ts'
import { Checks } from './checks.ts'
import { Claims } from './claims.ts'
import { Judges, type TrustParts } from './judges.ts'
import { trust as params } from './params.ts'
import {
  type Check,
  type Held,
  hidden,
  isSaid,
  reasonOf,
  sampleOf,
  suspicionBy,
  type Vote,
} from './quorum.ts'
import { fail, pass, shareChecked } from './reputation.ts'
import { Reputations } from './reputations.ts'

export class Trust {
  readonly reputations: Reputations
  readonly work: ExtraWork
  private readonly claims: Claims
  private readonly auditor: Auditor
  private readonly judges: Judges
  private readonly checks: Checks
  private readonly canaries: Canaries
  private alarmUntilMs = -Infinity

  constructor(private readonly parts: TrustParts) {
    this.reputations = new Reputations(parts.emit, parts.proved)
    this.claims = new Claims(parts.shapes)
    this.auditor = new Auditor(parts.shapes, parts.emit)
    this.judges = new Judges(parts, this.reputations, this.auditor)
    this.checks = new Checks(parts, this.reputations, this.judges, this.auditor, {
      release: (...args) => this.release(...args),
      decided: (...args) => this.decided(...args),
    })
    this.canaries = new Canaries(parts, this.reputations, this.judges, this.checks)
    this.work = this.checks.work
  }

  /** An event as the scheduler is to see it; undefined where it is of the auditor alone. */
  before(event: PolicyEvent, nowMs: number): PolicyEvent | undefined {
    const { reputations, claims } = this
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

  /** What a batch says of its node; `event` has the time that it took by the clock. */
  hear(batch: Batch, event: Finished): void {
    const { id } = batch.slot.node
    const presence = this.reputations.present.get(id)
    if (presence === undefined) return
    presence.backend = event.backend ?? presence.backend
    if (this.reputations.standingOf(id) !== 'own') this.claims.finished(batch, event)
  }

  /** Whether the results of a batch are taken now, wait for a check, or are worth nothing. */
  judge(batch: Batch, event: Finished, nowMs: number): 'serve' | 'held' | 'refuse' {
    const { id } = batch.slot.node
    const { variant, items } = batch
    const reputation = this.reputations.get(id)
    this.work.items += items.length
    this.checks.usual(variant.task, items[0]!.deadlineMs - batch.dispatchedMs)
    if (reputation === undefined) return 'serve'
    const positions = items.flatMap((_, i) => {
      const outcome = event.outcomes[i]
      return outcome !== undefined && isSaid(outcome) ? [i] : []
    })
    if (reputation.own) {
      const { outcomes, backend } = event
      for (const i of this.reputations.strangers > 0 ? positions : []) {
        this.canaries.learn(variant, items[i]!.payload, { outcome: outcomes[i]!, backend }, [])
      }
      return 'serve'
    }
    for (const i of positions) {
      const fault = this.parts.options.faultOf?.(variant.ref, event.outcomes[i]!)
      if (fault === undefined) continue
      this.reputations.blatant(id, fault, variant.ref)
      return 'refuse'
    }
    if (reputation.quarantined) return 'refuse'
    const presence = this.reputations.present.get(id)
    if (presence !== undefined) presence.batches++
    if (positions.length === 0) return 'serve'
    const least = nowMs < this.alarmUntilMs ? params.audited : 0
    const share = Math.max(shareChecked(reputation, variant.ref), least)
    return this.check(batch, event, positions, share, nowMs)
  }

  /** Sends what is to be checked to slots that are free. */
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

  /** Has so large a share of batches checked. */
  private check(
    batch: Batch,
    event: Finished,
    positions: number[],
    share: number,
    nowMs: number,
  ): 'serve' | 'held' {
    const { variant, items } = batch
    const isWanted = items.some(({ query }) => !query.closed)
    if (!isWanted || this.parts.options.random() >= share) return 'serve'
    const canCheck = this.judges.couldAsk(batch, nowMs) || this.checks.canAudit(variant, nowMs)
    if (!canCheck) return 'serve'
    if (share > params.audited) {
      this.hold(batch, event, positions, nowMs)
      return 'held'
    }
    // One item is compared, while the results are taken.
    const one = positions[Math.floor(this.parts.options.random() * positions.length)]!
    this.replicate(batch, event, [one], null, nowMs)
    return 'serve'
  }

  private hold(batch: Batch, event: Finished, positions: number[], nowMs: number): void {
    const dueMs = batch.items.reduce((least, item) => Math.min(least, item.deadlineMs), Infinity)
    for (const item of batch.items) {
      item.endsAtMs = nowMs + batch.meanMs + batch.networkMs
      unsettle(item.query)
    }
    const untilMs = nowMs + params.hold * Math.max(0, dueMs - nowMs)
    this.replicate(batch, event, positions, { batch, event, positions, dueMs: untilMs }, nowMs)
  }

  /** Others are asked about some items of a batch. */
  private replicate(
    { slot, variant, items }: Batch,
    { outcomes, backend }: Finished,
    positions: readonly number[],
    held: Held | null,
    nowMs: number,
  ): void {
    const node = slot.node.id
    const vote: Vote = {
      node,
      voter: this.reputations.voterOf(node),
      standing: this.reputations.standingOf(node, variant.ref),
      said: positions.map((i) => ({ outcome: outcomes[i]!, backend })),
    }
    const asked = positions.map((i) => hidden(items[i]!.payload))
    this.checks.begin({ kind: 'replica', variant, items: asked, votes: [vote], held }, nowMs)
  }

  /** Results are taken, another node's are in their place, or the items are done anew. */
  private release(
    { votes }: Check,
    { batch, event, positions }: Held,
    right: readonly Vote[] | undefined,
    nowMs: number,
  ): void {
    const { serve, retry } = this.parts
    const isAlone = right === undefined && votes.length === 1 &&
      !this.judges.couldAsk(batch, nowMs)
    if (isAlone || right?.includes(votes[0]!)) return serve(batch, event, nowMs)
    const winner = right?.find(({ event }) => event !== undefined)
    const said = winner?.event
    if (said === undefined) {
      return retry(batch, 'Cannot take a result that no other node confirms', nowMs)
    }
    const outcomes = [...event.outcomes]
    positions.forEach((position, i) => outcomes[position] = said.outcomes[i]!)
    // The auditor has no slot in the pool: what is told of the batch names its node alone.
    const slot = { ...batch.slot, node: { ...batch.slot.node, id: winner!.node! } }
    serve({ ...batch, slot }, { ...said, outcomes }, nowMs)
  }

  private decided(
    check: Check,
    right: readonly Vote[] | undefined,
    groups: Vote[][],
    nowMs: number,
  ): void {
    const { kind, variant: { ref } } = check
    const wrong = right === undefined ? [] : groups.filter((group) => group !== right).flat()
    if (kind !== 'replica') {
      this.canaries.ended(check, right === undefined || wrong.length > 0, nowMs)
    }
    if (right === undefined) return
    for (const { node } of wrong) {
      if (node === null) continue
      // The node may not be alone in it.
      if (this.reputations.standingOf(node) === 'trusted') {
        this.alarmUntilMs = nowMs + params.checkMs
      }
      this.reputations.change(node, (one) => fail(one, suspicionBy(right), reasonOf(ref, right)))
    }
    for (const { node } of right.length > 1 ? right : []) {
      if (node !== null) this.reputations.change(node, (one) => pass(one, kind === 'canary', ref))
    }
    sampleOf(right)?.said.forEach((one, i) => {
      this.canaries.learn(check.variant, check.items[i]!.payload, one, check.asked)
    })
  }
}
