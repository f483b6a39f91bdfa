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
import { type Item, unsettle } from '../state/query.ts'
import type { Batch, Slot } from '../state/slots.ts'
import { Auditor } from './auditor.ts'
import { Canaries } from './canaries.ts'
import { Checks } from './checks.ts'
import { Claims } from './claims.ts'
import { Confirming } from './confirming.ts'
import { Judges, type TrustParts } from './judges.ts'
import { Owed } from './owed.ts'
import { trust as params } from './params.ts'
import { type Part, partOf } from './part.ts'
import {
  type Check,
  type Held,
  hidden,
  isKnown,
  isProof,
  reasonOf,
  sampleOf,
  suspicionBy,
  type Vote,
} from './quorum.ts'
import { fail, pass, shareChecked } from './reputation.ts'
import { Reputations } from './reputations.ts'
import { Unconfirmable } from './unconfirmable.ts'

const UNCONFIRMED = 'Cannot take what a node said: nobody who is known can confirm it'

/** What becomes of results. */
export type Verdict = 'verified' | 'unverified' | 'held' | 'refuse'

export class Trust {
  readonly reputations: Reputations
  readonly work: ExtraWork
  readonly confirming: Confirming
  private readonly claims: Claims
  private readonly auditor: Auditor
  private readonly judges: Judges
  private readonly checks: Checks
  private readonly canaries: Canaries
  private readonly unconfirmable: Unconfirmable
  private alarmUntilMs = -Infinity

  constructor(private readonly parts: TrustParts) {
    this.reputations = new Reputations(parts.emit, parts.proved)
    this.claims = new Claims(parts.shapes)
    this.auditor = new Auditor(parts.shapes, parts.emit, parts.options.audited)
    this.unconfirmable = new Unconfirmable(parts.options.keyOf)
    this.judges = new Judges(parts, this.reputations, this.auditor)
    const { reputations, judges, auditor, unconfirmable } = this
    const owed = new Owed()
    this.confirming = new Confirming(auditor, judges, owed)
    this.checks = new Checks({ ...parts, reputations, judges, auditor, owed, unconfirmable }, {
      release: (...args) => this.release(...args),
      decided: (...args) => this.decided(...args),
    })
    this.canaries = new Canaries(parts, this.reputations, this.judges, this.checks)
    this.work = this.checks.work
  }

  /** An event as the scheduler is to see it; undefined where it is of the auditor alone. */
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

  /** What a batch says of its node; `event` has the time that it took by the clock. */
  hear(batch: Batch, event: Finished): void {
    const { id } = batch.slot.node
    const presence = this.reputations.present.get(id)
    if (presence === undefined) return
    presence.backend = event.backend ?? presence.backend
    if (this.reputations.standingOf(id) !== 'own') this.claims.finished(batch, event)
  }

  /**
   * Whether the results of a batch are taken now, as verified or not; wait for a check; or are worth
   * nothing.
   */
  judge(batch: Batch, event: Finished, nowMs: number): Verdict {
    const { id } = batch.slot.node
    const { variant, items } = batch
    const reputation = this.reputations.get(id)
    this.work.items += items.length
    this.checks.usual(variant.task, items[0]!.deadlineMs - batch.dispatchedMs)
    if (reputation === undefined) return this.auditor.isOn ? 'refuse' : 'unverified'
    const positions = items.flatMap((_, i) => {
      const outcome = event.outcomes[i]
      return outcome !== undefined && (outcome.ok || outcome.fatal) ? [i] : []
    })
    if (reputation.own) {
      const { outcomes, backend } = event
      for (const i of this.reputations.strangers > 0 ? positions : []) {
        this.canaries.learn(variant, items[i]!.payload, { outcome: outcomes[i]!, backend }, [])
      }
      return 'verified'
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
    if (positions.length === 0) return 'unverified'
    const isTrusted = this.reputations.standingOf(id, variant.ref) === 'trusted'
    if (this.auditor.isOn && !isTrusted) {
      this.confirm({ batch, event, positions }, nowMs)
      return 'held'
    }
    const least = nowMs < this.alarmUntilMs ? params.audited : 0
    const share = Math.max(shareChecked(reputation, variant.ref), least)
    const isHeld = this.check({ batch, event, positions }, share, nowMs)
    return isHeld ? 'held' : isTrusted ? 'verified' : 'unverified'
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

  /** Has results wait until a known party says the same, each client's apart. */
  private confirm(whole: Part, nowMs: number): void {
    const given = partOf(whole, ({ query }) => query.unverified)
    if (given !== undefined) {
      const { batch, event, positions } = given
      this.parts.serve(batch, event, false, nowMs)
      if (positions.length > 0) this.compareOne(given, nowMs)
    }
    const isPoor = ({ payload, query }: Item) =>
      !query.unverified && this.unconfirmable.has(payload, nowMs)
    const poor = new Set(whole.batch.items.filter(isPoor))
    const refused = partOf(whole, (item) => poor.has(item))
    if (refused !== undefined) this.parts.fail(refused.batch, UNCONFIRMED)
    const clients = new Set(
      whole.batch.items.flatMap(({ query: { closed, client } }) => closed ? [] : [client]),
    )
    for (const client of clients) {
      const part = partOf(
        whole,
        (item) => item.query.client === client && !item.query.unverified && !poor.has(item),
      )
      if (part === undefined) continue
      if (part.positions.length > 0) this.hold(part, nowMs)
      else this.parts.serve(part.batch, part.event, false, nowMs)
    }
  }

  /** Has so large a share of batches checked. Whether these results wait for that. */
  private check(part: Part, share: number, nowMs: number): boolean {
    const { batch } = part
    const isWanted = batch.items.some(({ query }) => !query.closed)
    if (!isWanted || this.parts.options.random() >= share) return false
    const isNear = this.judges.couldAsk(batch, nowMs) || this.checks.canAudit(batch.variant, nowMs)
    if (share > params.audited && isNear) this.hold(part, nowMs)
    else if (isNear || this.auditor.isOn) this.compareOne(part, nowMs)
    return share > params.audited && isNear
  }

  /** One item is compared, while the results are taken. */
  private compareOne({ batch, event, positions }: Part, nowMs: number): void {
    const one = positions[Math.floor(this.parts.options.random() * positions.length)]!
    this.replicate({ batch, event, positions: [one] }, null, nowMs)
  }

  private hold(part: Part, nowMs: number): void {
    const { batch } = part
    let [firstMs, lastMs] = [Infinity, nowMs]
    for (const item of batch.items) {
      item.endsAtMs = nowMs + batch.meanMs + batch.networkMs
      unsettle(item.query)
      firstMs = Math.min(firstMs, item.deadlineMs)
      lastMs = Math.max(lastMs, item.deadlineMs)
    }
    // Where nobody whose word is taken could do it in their place, they wait to the last.
    const isOnlyAudited = this.auditor.isOn && !this.judges.areTrusted(batch.variant, nowMs)
    const dueMs = isOnlyAudited ? lastMs : nowMs + params.hold * Math.max(0, firstMs - nowMs)
    this.replicate(part, { ...part, dueMs }, nowMs)
  }

  /** Others are asked about some items of a batch. */
  private replicate(
    { batch: { slot, variant, items }, event: { outcomes, backend }, positions }: Part,
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
    const client = held === null ? '' : items[0]!.query.client
    this.checks.begin(
      { kind: 'replica', variant, items: asked, votes: [vote], held, client },
      nowMs,
    )
  }

  /** Results are taken, another node's are in their place, or the items are done anew. */
  private release(
    { votes }: Check,
    { batch, event, positions }: Held,
    right: readonly Vote[] | undefined,
    nowMs: number,
  ): void {
    const { serve, retry, fail } = this.parts
    const { isOn } = this.auditor
    const isVerified = right !== undefined && isKnown(right)
    if (right?.includes(votes[0]!)) return serve(batch, event, isVerified, nowMs)
    const isAlone = right === undefined && votes.length === 1 &&
      !this.judges.couldAsk(batch, nowMs)
    if (isAlone && !isOn) return serve(batch, event, false, nowMs)
    const winner = right?.find(({ event }) => event !== undefined)
    const said = winner?.event
    if (said === undefined) {
      if (isOn && !this.judges.areTrusted(batch.variant, nowMs)) return fail(batch, UNCONFIRMED)
      return retry(batch, 'Cannot take a result that no other node confirms', nowMs)
    }
    const outcomes = [...event.outcomes]
    positions.forEach((position, i) => outcomes[position] = said.outcomes[i]!)
    // The auditor has no slot in the pool: what is told of the batch names its node alone.
    const slot = { ...batch.slot, node: { ...batch.slot.node, id: winner!.node! } }
    serve({ ...batch, slot }, { ...said, outcomes }, isVerified, nowMs)
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
    for (const vote of wrong) {
      const { node } = vote
      if (node === null) continue
      // The node may not be alone in it.
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
    sampleOf(right)?.said.forEach((one, i) => {
      this.canaries.learn(check.variant, check.items[i]!.payload, one, check.asked)
    })
  }
}
