/**
 * Checks under way: which nodes run which items, their votes, and which of them are right.
 *
 * @module
 */
import type { ExtraWork } from '../core/extra_work.ts'
import type { TaskShape, VariantShape } from '../core/graph.ts'
import type { Finished } from '../state/finish.ts'
import type { Slot } from '../state/node.ts'
import type { Auditor } from './auditor.ts'
import { Audits } from './audits.ts'
import type { Judges, TrustParts } from './judges.ts'
import { trust as params } from './params.ts'
import {
  answerOf,
  type Check,
  checkOf,
  groupsOf,
  type Held,
  isForsaken,
  isStatement,
  likeOf,
  type NewCheck,
  provenOf,
  trustedOf,
  type Vote,
} from './quorum.ts'
import type { Owed } from './owed.ts'
import type { Reputations } from './reputations.ts'
import type { Turns } from './turns.ts'
import type { Unconfirmable } from './unconfirmable.ts'

export interface ChecksParts extends TrustParts {
  reputations: Reputations
  judges: Judges
  auditor: Auditor
  owed: Owed
  turns: Turns
  unconfirmable: Unconfirmable
}

/** Handlers of what checks result in. */
export interface CheckHandlers {
  /** Held results stop waiting; `right` is the right group of votes, if known by now. */
  release(check: Check, held: Held, right: readonly Vote[] | undefined, nowMs: number): void
  /** A check ends; `right` is the right group, if it can be told, and `groups` how the votes differ. */
  decided(check: Check, right: readonly Vote[] | undefined, groups: Vote[][], nowMs: number): void
}

export class Checks {
  readonly work: ExtraWork = { items: 0, replicas: 0, canaries: 0, hedges: 0, audits: 0 }
  private readonly checks = new Set<Check>()
  /** Checks that wait for a slot, the longest waiting first. */
  private readonly pending = new Set<Check>()
  /** Checks whose held results were released before anything was proven. */
  private readonly forProof = new Set<Check>()
  /** Time that queries had left at their last batch of a task, in ms. */
  private readonly usualMs = new WeakMap<TaskShape, number>()
  /** When there is something to do even if no slot becomes free. */
  private lookMs = Infinity
  private readonly audits: Audits

  private readonly reputations: Reputations
  private readonly judges: Judges
  private readonly auditor: Auditor

  constructor(private readonly parts: ChecksParts, private readonly handlers: CheckHandlers) {
    const { reputations, judges, auditor, owed, turns, unconfirmable } = parts
    this.reputations = reputations
    this.judges = judges
    this.auditor = auditor
    this.audits = new Audits(auditor, judges, owed, turns, unconfirmable, this.work)
  }

  /** Begins a check; undefined if there are too many already. */
  begin(given: NewCheck, nowMs: number): Check | undefined {
    const check = checkOf(given, this.auditor.isOn, nowMs)
    if (this.checks.size >= params.mostChecks && check.held === null) return undefined
    this.checks.add(check)
    this.settle(check, nowMs)
    return check
  }

  /** Whether the auditor would get to a check of this variant soon. */
  canAudit(variant: VariantShape, nowMs: number): boolean {
    return this.audits.isNear(variant, this.pending, nowMs)
  }

  /** Notes the time that queries have left when their items are sent. */
  usual(task: TaskShape, leftMs: number): void {
    this.usualMs.set(task, leftMs)
  }

  /** Gives checks to slots, first those that just became free, and ends checks that are due. */
  place(freed: readonly Slot[], nowMs: number): void {
    this.auditor.sweep(nowMs)
    if (this.pending.size > 0) { for (const slot of freed) this.offer(slot, nowMs) }
    if (this.lookMs <= nowMs) this.look(nowMs)
    const next = this.audits.next(this.pending, nowMs)
    if (next !== undefined) this.audit(next, nowMs)
  }

  nextMs(): number {
    return Math.min(this.lookMs, this.auditor.nextMs())
  }

  private ask(check: Check, slot: Slot, nowMs: number): void {
    const { reputations, parts } = this
    const { variant, items, kind } = check
    const { id } = slot.node
    this.pending.delete(check)
    check.running++
    check.assigned.add(id)
    this.work[kind === 'replica' ? 'replicas' : 'canaries'] += items.length
    const like = likeOf(check)
    const failed = (atMs: number) => {
      // A batch lost with the node's link says nothing about its work.
      if (like === undefined || !parts.nodes.has(id)) return
      reputations.failed(id)
      reputations.blame({ node: id, variant, sentMs: nowMs }, atMs)
    }
    const extra = { items, deadlineMs: nowMs + this.budgetMs(variant.task) }
    parts.extras.send(slot, variant, like === undefined ? extra : { ...extra, like }, {
      finished: (batch, event, atMs) => {
        if (event.outcomes.every((one) => !one.ok && !one.fatal && !one.excused)) failed(atMs)
        check.running--
        const credible = parts.learnTimes(batch, event, atMs)
        const standing = reputations.standingOf(id, variant.ref)
        this.note(check, { node: id, voter: reputations.voterOf(id), standing }, credible, atMs)
      },
      lost: (_, atMs) => {
        failed(atMs)
        check.running--
        this.settle(check, atMs)
      },
    }, nowMs)
  }

  /** Time budget of a check's batch, like a query's: nodes must not be able to tell them apart. */
  private budgetMs(task: TaskShape): number {
    const usualMs = this.usualMs.get(task) ?? task.pipeline.pipeline.sloMs / (1 + task.depth)
    return usualMs * (0.85 + 0.15 * this.parts.options.random())
  }

  private audit(check: Check, nowMs: number): void {
    const id = this.auditor.id!
    this.pending.delete(check)
    this.audits.ask(check, nowMs, (atMs, event) => {
      if (event === undefined) this.settle(check, atMs)
      else this.note(check, { node: id, voter: id, standing: 'own' }, event, atMs)
    })
  }

  /** Takes a result as a vote, if it is one. */
  private note(
    check: Check,
    by: Pick<Vote, 'node' | 'voter' | 'standing'>,
    event: Finished,
    nowMs: number,
  ): void {
    const { outcomes, backend } = event
    const { ref } = check.variant
    // A failure of the node is no statement on the item.
    const isVote = outcomes.length === check.items.length &&
      outcomes.every(isStatement)
    if (!isVote) return this.settle(check, nowMs)
    const fault = outcomes.map((outcome) => this.parts.options.faultOf?.(ref, outcome))
      .find((one) => one !== undefined)
    if (fault === undefined) {
      const reports = outcomes.map((outcome) => ({ outcome, backend }))
      check.votes.push({ ...by, reports, event })
    } else this.reputations.blatant(by.node!, fault, ref)
    this.settle(check, nowMs)
  }

  /** Ends a check that can end, and releases results that have waited enough; else it waits on. */
  private settle(check: Check, nowMs: number): void {
    if (!this.checks.has(check)) return
    const groups = groupsOf(check.votes, check.variant.ref, this.parts.options.agree)
    const left = this.judges.left(check, nowMs)
    const isTrustedLeft = left.trusted || this.auditor.isOn
    const isCompared = check.votes.length > 1
    if (isCompared || check.kind === 'question') {
      const proven = provenOf(groups, isTrustedLeft)
      if (proven !== undefined) return this.end(check, proven, groups, proven, nowMs)
    }
    const isStill = check.running === 0 && !check.auditing
    const isOver = isStill && (!left.any || check.votes.length >= params.mostVotes)
    const trusted = trustedOf(groups)
    if (check.held !== null) {
      const canWait = isTrustedLeft && nowMs < check.openAtMs
      const right = isCompared ? answerOf(groups, canWait) : undefined
      const isDue = nowMs >= check.held.dueMs || isForsaken(check.held)
      if (right !== undefined || isDue || isOver) {
        if (isOver || this.forProof.size >= params.looked) {
          return this.end(check, trusted, groups, right ?? trusted, nowMs)
        }
        this.goOnForProof(check, right ?? trusted, nowMs)
      }
    }
    if (isOver || (nowMs >= check.dueMs && isStill)) {
      return this.end(check, trusted, groups, trusted, nowMs)
    }
    this.waitOn(check, left.any, nowMs)
  }

  /** Releases the held results of a check; it goes on for proof, and waits for trusted nodes. */
  private goOnForProof(check: Check, answer: Vote[] | undefined, nowMs: number): void {
    const held = check.held!
    this.forProof.add(check)
    check.held = null
    check.openAtMs = Infinity
    this.handlers.release(check, held, answer, nowMs)
  }

  private waitOn(check: Check, anyLeft: boolean, nowMs: number): void {
    // The check waits for what runs for it, however long that takes.
    if (nowMs >= check.dueMs) return void (check.lookMs = Infinity)
    const isAsking = check.auditing && (check.held === null || nowMs < check.openAtMs)
    if (check.running === 0 && !isAsking && anyLeft) {
      this.pending.add(check)
      this.lookMs = Math.min(this.lookMs, nowMs)
    }
    check.lookMs = Math.min(
      check.held?.dueMs ?? Infinity,
      isAsking ? check.openAtMs : Infinity,
      check.dueMs,
    )
    this.lookMs = Math.min(this.lookMs, check.lookMs)
  }

  /** @param proven group that counts for and against nodes; held results may be released on less proof */
  private end(
    check: Check,
    proven: Vote[] | undefined,
    groups: Vote[][],
    answer: Vote[] | undefined,
    nowMs: number,
  ): void {
    this.checks.delete(check)
    this.pending.delete(check)
    this.forProof.delete(check)
    this.handlers.decided(check, proven, groups, nowMs)
    if (check.held !== null) this.handlers.release(check, check.held, answer, nowMs)
  }

  /** Whether a check leaves slots to queries for now. */
  private isPatient({ held, sinceMs }: Check, isBusy: boolean, nowMs: number): boolean {
    return held === null && isBusy && nowMs < sinceMs + params.patienceMs
  }

  /** Offers a slot that just became free. */
  private offer(slot: Slot, nowMs: number): void {
    const isBusy = this.parts.isBusy(nowMs)
    for (const check of this.pending) {
      if (this.isPatient(check, isBusy, nowMs)) continue
      if (this.judges.suits(check, slot, nowMs)) return this.ask(check, slot, nowMs)
    }
  }

  /** Ends checks that are due, and finds slots for those that wait. */
  private look(nowMs: number): void {
    this.lookMs = Infinity
    for (const check of [...this.checks]) {
      const { held, lookMs } = check
      if (nowMs >= lookMs || (held !== null && isForsaken(held))) this.settle(check, nowMs)
      if (this.checks.has(check)) this.lookMs = Math.min(this.lookMs, check.lookMs)
    }
    const isBusy = this.parts.isBusy(nowMs)
    let left = params.looked
    for (const check of [...this.pending]) {
      if (this.isPatient(check, isBusy, nowMs)) continue
      if (left-- === 0) break
      const slot = this.judges.slotFor(check, check.held === null && !isBusy, nowMs)
      // Checks that found no slot come last next time.
      this.pending.delete(check)
      if (slot === undefined) this.pending.add(check)
      else this.ask(check, slot, nowMs)
    }
    if (this.pending.size > 0) this.lookMs = Math.min(this.lookMs, nowMs + params.retryMs)
  }
}
