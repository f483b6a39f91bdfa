/**
 * Judges: the nodes that can check an item, and the slot that gets it. In a large pool few are looked at.
 *
 * @module
 */
import type { PipelineShape, Shapes, TaskShape, VariantShape } from '../core/graph.ts'
import type { Fits, Gather, TrustOptions } from '../core/options.ts'
import type { NodeId, PolicyCommand } from '../core/types.ts'
import type { Extras } from '../state/finish.ts'
import type { Finished } from '../state/finish.ts'
import type { Batch, PoolNode, Slot } from '../state/node.ts'
import { holds, isSpare } from '../state/credit.ts'
import type { Auditor } from './auditor.ts'
import { trust as params } from './params.ts'
import type { Check } from './quorum.ts'
import type { Reputations } from './reputations.ts'

/** What the scheduler provides. */
export interface TrustParts {
  options: TrustOptions
  shapes: Shapes
  extras: Extras
  nodes: ReadonlyMap<NodeId, PoolNode>
  fits: Fits
  gather: Gather
  /** Whether any item waits for a slot. */
  isBusy(nowMs: number): boolean
  emit(command: PolicyCommand): void
  /** Learns a batch's times for its node; returns the event with credible times. */
  learnTimes(batch: Batch, event: Finished, nowMs: number): Finished
  /** Serves the outcomes of a batch. */
  serve(batch: Batch, event: Finished, verified: boolean, nowMs: number): void
  retry(batch: Batch, message: string, nowMs: number): void
  /** Fails the queries of a batch: no node can run its items. */
  fail(batch: Batch, message: string): void
  /** Some node's proof rose or fell. */
  proved(): void
}

/** Nodes that can check, by voter. */
type Voters = Map<string, NodeId[]>

interface Count {
  atMs: number
  any: Voters
  trusted: Voters
}

export class Judges {
  private readonly counts = new WeakMap<VariantShape, Count>()

  constructor(
    private readonly parts: TrustParts,
    private readonly reputations: Reputations,
    private readonly auditor: Auditor,
  ) {}

  /** Whether a voter that has not voted is left to ask, and whether a trusted one is; includes the auditor. */
  left(check: Check, nowMs: number): { any: boolean; trusted: boolean } {
    const { variant, target, assigned } = check
    const { nodes } = this.parts
    if (target !== null) {
      const node = nodes.get(target)
      const any = node !== undefined && !assigned.has(target) && this.isWilling(target) &&
        holds(node, variant)
      return { any, trusted: false }
    }
    if (this.isAuditorLeft(check)) return { any: true, trusted: true }
    const count = this.count(variant, nowMs)
    const trusted = isLeft(check, count.trusted)
    // With an auditor, agreement of strangers proves nothing: one voter could use many addresses.
    return { any: this.auditor.isOn ? trusted : isLeft(check, count.any), trusted }
  }

  /** Whether a node is present that is trusted on this variant. */
  areTrusted(variant: VariantShape, nowMs: number): boolean {
    return this.count(variant, nowMs).trusted.size > 0
  }

  /** Whether trusted nodes run the task. */
  serveTask({ variants }: TaskShape, nowMs: number): boolean {
    return variants.some((variant) => this.areTrusted(variant, nowMs))
  }

  /** Whether trusted nodes run every task of a pipeline. */
  serve({ tasks }: PipelineShape, nowMs: number): boolean {
    return tasks.every((task) => this.serveTask(task, nowMs))
  }

  /** Whether the auditor can run every task of a pipeline. */
  couldAudit({ tasks }: PipelineShape): boolean {
    return tasks.every(({ variants }) => variants.some((one) => this.auditor.isAble(one)))
  }

  /** Whether results of this variant can be proven: by the auditor, a trusted node, or a quorum. */
  canProve(variant: VariantShape, nowMs: number): boolean {
    if (this.auditor.knows(variant, nowMs)) return true
    const { any, trusted } = this.count(variant, nowMs)
    return trusted.size > 0 || (!this.auditor.isOn && any.size >= params.quorum)
  }

  /** Whether the auditor or an own node can answer: other nodes would know the question afterwards. */
  canTell(variant: VariantShape, nowMs: number): boolean {
    if (this.auditor.knows(variant, nowMs)) return true
    const trusted = [...this.count(variant, nowMs).trusted.values()].flat()
    return trusted.some((id) => this.reputations.standingOf(id) === 'own')
  }

  /** Whether the auditor may still check, now or once it has started. */
  private isAuditorLeft({ variant, target, wasAudited, items }: Check): boolean {
    const { auditor, parts: { fits } } = this
    const { id } = auditor
    return target === null && !wasAudited && auditor.isAble(variant) &&
      (id === undefined || items.every(({ payload }) => fits(payload, id)))
  }

  canAudit(check: Check, nowMs: number): boolean {
    return this.auditor.knows(check.variant, nowMs) && this.isAuditorLeft(check)
  }

  /** Whether another voter in the pool could check the results of this batch. */
  couldAsk({ slot, variant }: Batch, nowMs: number): boolean {
    const { any } = this.count(variant, nowMs)
    return any.size > (any.has(this.reputations.voterOf(slot.node.id)) ? 1 : 0)
  }

  /** A slot for a check: of a trusted node if there is one, and of the same backend if possible. */
  slotFor(check: Check, idle: boolean, nowMs: number): Slot | undefined {
    const { nodes, options } = this.parts
    if (check.target !== null) {
      return this.slotOf(check, nodes.get(check.target), idle, nowMs)
    }
    const slots = this.someSlots(check, idle, nowMs)
    const trusted = slots.filter(({ node }) => this.isTrusted(node.id, check.variant))
    // A busy trusted node is worth waiting for.
    if (trusted.length === 0 && this.waits(check, nowMs)) return undefined
    const among = trusted.length > 0 ? trusted : slots
    const alike = among.filter((slot) => this.isAlike(check, slot))
    const best = alike.length > 0 ? alike : among
    return best[Math.floor(options.random() * best.length)]
  }

  /** Whether this slot, which just became free, suits the check. */
  suits(check: Check, slot: Slot, nowMs: number): boolean {
    const { node } = slot
    if (!this.mayAsk(check, node.id) || !isSpare(slot, check.variant, false, nowMs)) return false
    if (check.target !== null || nowMs >= check.openAtMs) return true
    return this.isAlike(check, slot) &&
      (this.isTrusted(node.id, check.variant) || !this.waits(check, nowMs))
  }

  private waits(check: Check, nowMs: number): boolean {
    return nowMs < check.openAtMs && this.left(check, nowMs).trusted
  }

  /** Whether the node is not paused by its volunteer. */
  private isWilling(id: NodeId): boolean {
    return this.reputations.present.get(id)?.paused === false
  }

  private isTrusted(id: NodeId, { ref }: VariantShape): boolean {
    const standing = this.reputations.standingOf(id, ref)
    return standing === 'own' || standing === 'trusted'
  }

  /** Whether a node may vote: it has shown that it works; waiting for a silent one takes too long. */
  private isHeard(id: NodeId, { ref }: VariantShape): boolean {
    return this.parts.nodes.get(id)?.keptFrom.has(ref.pipeline) !== true &&
      this.reputations.standingOf(id) !== 'quarantined'
  }

  private isJudge(node: PoolNode | undefined, variant: VariantShape): boolean {
    return node !== undefined && this.isWilling(node.id) && holds(node, variant) &&
      this.isHeard(node.id, variant)
  }

  /** Voters by variant; in a large pool counted seldom. */
  private count(variant: VariantShape, nowMs: number): Count {
    const { reputations, parts: { nodes } } = this
    const { ids } = reputations
    const known = this.counts.get(variant)
    const freshMs = ids.length <= params.looked ? 0 : params.retryMs * ids.length / params.looked
    if (known !== undefined && nowMs - known.atMs < freshMs) return known
    const judges = ids.filter((id) => this.isJudge(nodes.get(id), variant))
    const byVoter = (some: NodeId[]) => Map.groupBy(some, (id) => reputations.voterOf(id))
    const trusted = byVoter(judges.filter((id) => this.isTrusted(id, variant)))
    const count = { atMs: nowMs, any: byVoter(judges), trusted }
    this.counts.set(variant, count)
    return count
  }

  private mayAsk({ assigned, target, variant, votes, items }: Check, id: NodeId): boolean {
    const { reputations, parts: { fits } } = this
    if (assigned.has(id) || !this.isWilling(id)) return false
    if (!items.every(({ payload }) => fits(payload, id))) return false
    if (target !== null) return target === id
    return this.isHeard(id, variant) &&
      votes.every(({ voter }) => voter !== reputations.voterOf(id))
  }

  private isAlike({ votes }: Check, { node }: Slot): boolean {
    const backend = votes[0]?.reports[0]?.backend
    return backend === undefined ||
      this.reputations.present.get(node.id)?.backend === backend
  }

  private slotOf(check: Check, node: PoolNode | undefined, idle: boolean, nowMs: number) {
    if (node === undefined || !this.mayAsk(check, node.id)) return undefined
    return node.slots.find((slot) => isSpare(slot, check.variant, idle, nowMs))
  }

  /** Slots of a few consecutive nodes from a random start. */
  private someSlots(check: Check, idle: boolean, nowMs: number): Slot[] {
    const { reputations: { ids }, parts: { nodes, options } } = this
    const first = Math.floor(options.random() * ids.length)
    const slots: Slot[] = []
    for (let i = 0; i < Math.min(ids.length, params.looked); i++) {
      const slot = this.slotOf(check, nodes.get(ids[(first + i) % ids.length]!), idle, nowMs)
      if (slot !== undefined) slots.push(slot)
    }
    return slots
  }
}

/** Whether a voter that has not voted has a node that was not assigned. */
function isLeft({ votes, assigned }: Check, voters: Voters): boolean {
  const voted = new Set(votes.map(({ voter }) => voter))
  for (const [voter, ids] of voters) {
    if (!voted.has(voter) && ids.some((id) => !assigned.has(id))) return true
  }
  return false
}
