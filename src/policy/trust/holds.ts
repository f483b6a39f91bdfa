/**
 * Results that are held for a check, or compared after they were taken; and what happens to held ones.
 *
 * @module
 */
import { type Item, unsettle } from '../state/query.ts'
import type { Auditor } from './auditor.ts'
import type { Checks } from './checks.ts'
import type { Judges, TrustParts } from './judges.ts'
import { trust as params } from './params.ts'
import { type Part, partOf } from './part.ts'
import { type Check, type Held, hidden, isKnown, type Vote } from './quorum.ts'
import type { Reputations } from './reputations.ts'
import type { Unconfirmable } from './unconfirmable.ts'

const UNCONFIRMED = 'Cannot take a result: no trusted node can confirm it'

export interface HoldsParts extends TrustParts {
  reputations: Reputations
  judges: Judges
  auditor: Auditor
  checks: Checks
  unconfirmable: Unconfirmable
}

export class Holds {
  private readonly reputations: Reputations
  private readonly judges: Judges
  private readonly auditor: Auditor
  private readonly checks: Checks
  private readonly unconfirmable: Unconfirmable

  constructor(private readonly parts: HoldsParts) {
    const { reputations, judges, auditor, checks, unconfirmable } = parts
    this.reputations = reputations
    this.judges = judges
    this.auditor = auditor
    this.checks = checks
    this.unconfirmable = unconfirmable
  }

  /** Holds results until a trusted node or the auditor confirms them, separately for each query. */
  confirm(whole: Part, nowMs: number): void {
    const { batch } = whole
    const isWanted = ({ query, batch: id }: Item) => !query.closed && id === batch.id
    for (const query of new Set(batch.items.filter(isWanted).map(({ query }) => query))) {
      const part = partOf(whole, (item) => item.query === query)
      if (query.unverified || part.positions.length === 0) {
        this.parts.serve(part.batch, part.event, false, nowMs)
        if (part.positions.length > 0) this.compareOne(part, nowMs)
      } else if (part.batch.items.some(({ payload }) => this.unconfirmable.has(payload, nowMs))) {
        this.parts.fail(part.batch, UNCONFIRMED)
      } else this.hold(part, nowMs)
    }
  }

  /** Checks a share of batches, 0 to 1. Returns whether these results are held for it. */
  check(part: Part, share: number, nowMs: number): boolean {
    const { batch } = part
    const isWanted = batch.items.some(({ query }) => !query.closed)
    if (!isWanted || this.parts.options.random() >= share) return false
    const isNear = this.judges.couldAsk(batch, nowMs) || this.checks.canAudit(batch.variant, nowMs)
    if (share > params.audited && isNear) this.hold(part, nowMs)
    else if (isNear || this.auditor.isOn) this.compareOne(part, nowMs)
    return share > params.audited && isNear
  }

  /** Compares one item, while the results are taken. */
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
    // If no trusted node could do the items instead, the results wait until the last deadline.
    const isOnlyAudited = this.auditor.isOn && !this.judges.serveTask(batch.variant.task, nowMs)
    const dueMs = isOnlyAudited ? lastMs : nowMs + params.hold * Math.max(0, firstMs - nowMs)
    this.replicate(part, { ...part, dueMs }, nowMs)
  }

  /** Starts a check of some items of a batch on other nodes. */
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
      reports: positions.map((i) => ({ outcome: outcomes[i]!, backend })),
    }
    const copies = positions.map((i) => hidden(items[i]!.payload))
    const { client } = items[0]!.query
    this.checks.begin(
      { kind: 'replica', variant, items: copies, votes: [vote], held, client },
      nowMs,
    )
  }

  /** Takes held results, replaces them by another node's, or has the items run again. */
  release(
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
    const confirmed = winner?.event
    if (confirmed === undefined) {
      const isLast = isOn && !this.judges.serveTask(batch.variant.task, nowMs)
      if (isLast) return fail(batch, UNCONFIRMED)
      return retry(batch, 'Cannot take a result that no other node confirms', nowMs)
    }
    const outcomes = [...event.outcomes]
    positions.forEach((position, i) => outcomes[position] = confirmed.outcomes[i]!)
    // The auditor has no slot in the pool: only its node id appears in the batch's record.
    const slot = { ...batch.slot, node: { ...batch.slot.node, id: winner!.node! } }
    serve({ ...batch, slot }, { ...confirmed, outcomes }, isVerified, nowMs)
  }
}
