/**
 * Checks under way: who is asked about which items, what was said, and who is right in the end.
 *
 * @module
 */
import type { Extras } from '../state/finish.ts'
import type { Finished } from '../state/finish.ts'
import type { TrustOptions } from '../core/options.ts'
import type { Batch, Slot } from '../state/slots.ts'
import type { TaskShape, VariantShape } from '../core/graph.ts'
import type { NodeId, Standing, VariantRef } from '../core/types.ts'
import type { Auditor } from './auditor.ts'
import type { Check } from './check.ts'
import type { Held } from './held.ts'
import type { Judges } from './judges.ts'
import { groupsOf, lastWordOf, provenOf, rightOf, type Vote } from './votes.ts'

export interface CheckParts {
  options: TrustOptions
  extras: Extras
  judges: Judges
  auditor: Auditor
  standingAt(node: NodeId, ref: VariantRef): Standing
  /** Whether anything waits for a slot. */
  isBusy(nowMs: number): boolean
  voterOf(node: NodeId): string
  sent(check: Check, items: number): void
  audited(items: number): void
  heard(batch: Batch, event: Finished, nowMs: number): Finished
  /** A result that no input leads to. */
  blatant(node: NodeId, fault: string, variant: VariantShape): void
  /** What was held waits no more: what is right, if it is known by now. */
  release(check: Check, held: Held, right: readonly Vote[] | undefined, nowMs: number): void
  /** The end: who is right, if anybody can tell, and how votes differ. */
  decided(check: Check, right: readonly Vote[] | undefined, groups: Vote[][], nowMs: number): void
}

export interface Checks {
  /** False where there are too many already. */
  begin(check: Check, nowMs: number): boolean
  /** Whether the auditor would be at what this variant says before long. */
  canAudit(variant: VariantShape, nowMs: number): boolean
  /** What time is left to queries when their items are sent. */
  usual(task: TaskShape, leftMs: number): void
  /** Asks nodes that have room, those first that have just got it, and ends checks that are due. */
  place(freed: readonly Slot[], nowMs: number): void
  nextMs(): number
}

/** What nobody waits for leaves slots to queries so long. */
const PATIENCE_MS = 1500
/** Nodes that are asked about the same items at the most. */
const MOST_VOTES = 5
const AGAIN_MS = 10
const MAX_CHECKS = 512
/** Checks that slots are looked for at one time. */
const MOST_PLACED = 16
/** Results that wait for the auditor: of more, nobody would hear in time. */
const MOST_WAITING = 2
/** Milliseconds by which the auditor is asked what nobody waits for after what is due. */
const LAST_MS = 1e9
/** Checks that go on after what they held went its way, for the sake of what they prove. */
const MOST_FOR_PROOF = 32

export function createChecks(parts: CheckParts): Checks {
  const { options, judges, auditor } = parts
  const checks = new Set<Check>()
  /** Those of them that wait for a slot, the longest first. */
  const pending = new Set<Check>()
  /** Those that hold nothing any more. */
  const forProof = new Set<Check>()
  /** Time that queries had left at their last batch of a task. */
  const usualMs = new WeakMap<TaskShape, number>()
  /** When there is something to do at the latest, should no slot become free before. */
  let nextMs = Infinity

  /** As a query's would be: a node is not to tell them apart. */
  function budgetMs(task: TaskShape): number {
    const usual = usualMs.get(task) ?? task.pipeline.pipeline.sloMs / (1 + task.depth)
    return usual * (0.85 + 0.15 * options.random())
  }

  function ask(check: Check, slot: Slot, nowMs: number): void {
    pending.delete(check)
    check.running++
    check.asked.add(slot.node.id)
    parts.sent(check, check.items.length)
    const like = likeOf(check)
    const { id } = slot.node
    parts.extras.send(slot, check.variant, {
      items: check.items,
      deadlineMs: nowMs + budgetMs(check.variant.task),
      ...like === undefined ? {} : { like },
    }, {
      finished(batch, event, atMs) {
        check.running--
        const heard = parts.heard(batch, event, atMs)
        const standing = parts.standingAt(id, check.variant.ref)
        note(check, { node: id, voter: parts.voterOf(id), standing }, heard, atMs)
      },
      lost(_, atMs) {
        check.running--
        settle(check, atMs)
      },
    }, nowMs)
  }

  /** What was said of its items before, so that what comes of them is encoded alike. */
  const likeOf = ({ votes }: Check) => votes[0]?.said.map(({ outcome }) => outcome)

  function audit(check: Check, nowMs: number): void {
    pending.delete(check)
    const id = auditor.id!
    check.auditing = true
    check.asked.add(id)
    parts.audited(check.items.length)
    const heard = (atMs: number, event?: Finished) => {
      check.auditing = false
      if (event === undefined) settle(check, atMs)
      else note(check, { node: id, voter: id, standing: 'own' }, event, atMs)
    }
    auditor.ask({
      ...{ variant: check.variant, items: check.items, like: likeOf(check) },
      said: (event, atMs) => heard(atMs, event),
      lost: (atMs) => heard(atMs),
    }, nowMs)
  }

  /** Takes in what one says, if that is anything. */
  function note(check: Check, by: Omit<Vote, 'said'>, event: Finished, nowMs: number): void {
    const { outcomes, backend } = event
    if (outcomes.length !== check.items.length || !outcomes.every(isWord)) {
      return settle(check, nowMs)
    }
    const fault = outcomes
      .map((outcome) => options.faultOf?.(check.variant.ref, outcome))
      .find((one) => one !== undefined)
    if (fault !== undefined) {
      parts.blatant(by.node!, fault, check.variant)
      return settle(check, nowMs)
    }
    const vote: Vote = { ...by, said: outcomes.map((outcome) => ({ outcome, backend })) }
    check.votes.push(vote)
    check.events.set(vote, event)
    settle(check, nowMs)
  }

  /** @param answer what is held is answered with, where that is not proven */
  function end(
    check: Check,
    proven: Vote[] | undefined,
    groups: Vote[][],
    nowMs: number,
    answer = proven,
  ) {
    checks.delete(check)
    pending.delete(check)
    forProof.delete(check)
    parts.decided(check, proven, groups, nowMs)
    if (check.held !== null) parts.release(check, check.held, answer, nowMs)
  }

  /** Ends it where it can be ended, and the wait of what it holds; else it waits for more. */
  function settle(check: Check, nowMs: number): void {
    if (!checks.has(check)) return
    const groups = groupsOf(check.votes, check.variant.ref, options.agree)
    const left = judges.left(check, nowMs)
    const isTrustedLeft = left.trusted || check.auditing
    const isCompared = check.votes.length > 1
    const proven = isCompared || check.kind === 'question'
      ? provenOf(groups, isTrustedLeft)
      : undefined
    if (proven !== undefined) return end(check, proven, groups, nowMs)
    const isStill = check.running === 0 && !check.auditing
    const isOver = !left.any || check.votes.length + check.running >= MOST_VOTES
    const { held } = check
    if (held !== null) {
      const canWait = isTrustedLeft && nowMs < check.openAtMs
      const right = isCompared ? rightOf(groups, canWait) : undefined
      if (right !== undefined || nowMs >= held.dueMs || (isOver && isStill)) {
        const last = lastWordOf(groups)
        if ((isOver && isStill) || forProof.size >= MOST_FOR_PROOF) {
          return end(check, last, groups, nowMs, right ?? last)
        }
        forProof.add(check)
        check.held = null
        // There is no hurry now: who is trusted is waited for.
        check.openAtMs = Infinity
        parts.release(check, held, right ?? last, nowMs)
      }
    }
    const isLate = nowMs >= check.dueMs
    if ((isOver || isLate) && isStill) return end(check, lastWordOf(groups), groups, nowMs)
    // What runs for it is waited for, and no time tells when that ends.
    if (isLate) return void (check.lookMs = Infinity)
    const isAsking = check.auditing && (check.held === null || nowMs < check.openAtMs)
    if (check.running === 0 && !isAsking && left.any) {
      pending.add(check)
      nextMs = Math.min(nextMs, nowMs)
    }
    check.lookMs = Math.min(
      check.held?.dueMs ?? Infinity,
      isAsking ? check.openAtMs : Infinity,
      check.dueMs,
    )
    nextMs = Math.min(nextMs, check.lookMs)
  }

  /** What nobody waits for lets queries go first for a while. */
  const patientUntilMs = ({ held, sinceMs }: Check, busy: boolean) =>
    held === null && busy ? sinceMs + PATIENCE_MS : -Infinity

  /** A slot has just become free. */
  function offer(slot: Slot, nowMs: number): void {
    const busy = parts.isBusy(nowMs)
    for (const check of pending) {
      if (nowMs < patientUntilMs(check, busy) || !judges.suits(check, slot, nowMs)) continue
      return ask(check, slot, nowMs)
    }
  }

  /** Ends checks that are due, and looks for slots for those that wait for one. */
  function look(nowMs: number): void {
    nextMs = Infinity
    for (const check of [...checks]) {
      if (nowMs >= check.lookMs) settle(check, nowMs)
      if (checks.has(check)) nextMs = Math.min(nextMs, check.lookMs)
    }
    const busy = parts.isBusy(nowMs)
    let left = MOST_PLACED
    for (const check of [...pending]) {
      if (nowMs < patientUntilMs(check, busy)) continue
      if (left-- === 0) break
      const slot = judges.slotFor(check, check.held === null && !busy, nowMs)
      // Those that found none come last the next time.
      pending.delete(check)
      if (slot === undefined) pending.add(check)
      else ask(check, slot, nowMs)
    }
    if (pending.size > 0) nextMs = Math.min(nextMs, nowMs + AGAIN_MS)
  }

  /** Gives the auditor what waits most: results by when they are due, then what waited longest. */
  function auditNext(nowMs: number): void {
    let next: Check | undefined
    let nextRank = Infinity
    for (const check of pending) {
      if (!judges.isAuditorLeft(check, nowMs)) continue
      const rank = check.held?.dueMs ??
        check.sinceMs + LAST_MS + auditor.putOffMs(check.variant)
      if (next !== undefined && rank >= nextRank) continue
      next = check
      nextRank = rank
    }
    if (next !== undefined) audit(next, nowMs)
  }

  return {
    usual: (task, leftMs) => void usualMs.set(task, leftMs),
    begin(check, nowMs) {
      if (checks.size >= MAX_CHECKS && check.held === null) return false
      checks.add(check)
      settle(check, nowMs)
      return true
    },
    canAudit(variant, nowMs) {
      if (!auditor.knows(variant, nowMs)) return false
      let waiting = 0
      for (const { held } of pending) if (held !== null) waiting++
      return waiting < MOST_WAITING
    },
    place(freed, nowMs) {
      auditor.sweep(nowMs)
      if (pending.size > 0) { for (const slot of freed) offer(slot, nowMs) }
      if (nextMs <= nowMs) look(nowMs)
      if (auditor.idle && pending.size > 0) auditNext(nowMs)
    },
    nextMs: () => Math.min(nextMs, auditor.nextMs()),
  }
}

/** A node that says that it could not do it says nothing of the item. */
const isWord = (outcome: Finished['outcomes'][number]) => outcome.ok || outcome.fatal
