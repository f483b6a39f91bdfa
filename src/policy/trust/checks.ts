/**
 * Checks under way: who is asked about which items, what was said, and who is right in the end.
 *
 * @module
 */
import type { Extras } from '../flight/extras.ts'
import type { Finished } from '../flight/finish.ts'
import type { TrustOptions } from '../options.ts'
import type { Batch, Slot } from '../pool/slots.ts'
import type { TaskShape, VariantShape } from '../shape.ts'
import type { DispatchedItem, NodeId, Standing, VariantRef } from '../types.ts'
import type { Asking, Judges } from './judges.ts'
import { groupsOf, lastWordOf, MANY, rightOf, type Vote } from './votes.ts'

/** Results that wait for a check to end. */
export interface Held {
  batch: Batch
  event: Finished
  /** Which of its items are checked: the others failed by their node's own word. */
  positions: number[]
}

/**
 * `replica`: others are asked the same. `canary`: one is asked what is known. `question`: nothing is
 * known of it yet.
 */
export interface Check extends Asking {
  items: DispatchedItem[]
  votes: Vote[]
  asked: Set<NodeId>
  /** Of each vote that came from a batch: what came of it, for whoever waits. */
  events: Map<Vote, { slot: Slot; event: Finished }>
  running: number
  held: Held | null
}

export interface CheckParts {
  options: TrustOptions
  extras: Extras
  judges: Judges
  standingAt(node: NodeId, ref: VariantRef): Standing
  /** Whether anything waits for a slot. */
  isBusy(nowMs: number): boolean
  sent(check: Check, items: number): void
  heard(batch: Batch, event: Finished, nowMs: number): Finished
  /** A result that no input leads to. */
  blatant(node: NodeId, fault: string, variant: VariantShape): void
  /** The end: who is right, if anybody can tell, and how votes differ. */
  decided(check: Check, right: readonly Vote[] | undefined, groups: Vote[][], nowMs: number): void
}

export interface Checks {
  /** False where there are too many already. */
  begin(check: Check, nowMs: number): boolean
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

export function createChecks(parts: CheckParts): Checks {
  const { options, judges } = parts
  const checks = new Set<Check>()
  /** Those of them that wait for a slot, the longest first. */
  const pending = new Set<Check>()
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
    const like = check.votes[0]?.said.map(({ outcome }) => outcome)
    const { node } = slot
    parts.extras.send(slot, check.variant, {
      items: check.items,
      deadlineMs: nowMs + budgetMs(check.variant.task),
      ...like === undefined ? {} : { like },
    }, {
      finished(batch, event, atMs) {
        check.running--
        const heard = parts.heard(batch, event, atMs)
        if (event.outcomes.length !== check.items.length || !event.outcomes.every(isWord)) {
          return settle(check, atMs)
        }
        const fault = event.outcomes
          .map((outcome) => options.faultOf?.(check.variant.ref, outcome))
          .find((one) => one !== undefined)
        if (fault !== undefined) {
          parts.blatant(node.id, fault, check.variant)
          return settle(check, atMs)
        }
        const { backend } = event
        const vote: Vote = {
          node: node.id,
          standing: parts.standingAt(node.id, check.variant.ref),
          said: event.outcomes.map((outcome) => ({ outcome, backend })),
        }
        check.votes.push(vote)
        check.events.set(vote, { slot, event: heard })
        settle(check, atMs)
      },
      lost(_, atMs) {
        check.running--
        settle(check, atMs)
      },
    }, nowMs)
  }

  function end(check: Check, right: readonly Vote[] | undefined, groups: Vote[][], nowMs: number) {
    if (!checks.delete(check)) return
    pending.delete(check)
    parts.decided(check, right, groups, nowMs)
  }

  /** Ends it where it can be ended; else it waits for more. */
  function settle(check: Check, nowMs: number): void {
    if (!checks.has(check)) return
    const groups = groupsOf(check.votes, check.variant.ref, options.agree)
    const left = judges.left(check, nowMs)
    const canAskTrusted = left.trusted && nowMs < judges.openAtMs(check)
    const enough = check.kind !== 'canary' || check.votes.length > 1
    const least = check.kind === 'question' ? MANY : 2
    const right = enough ? rightOf(groups, canAskTrusted, least) : undefined
    if (right !== undefined && check.votes.length > 1) return end(check, right, groups, nowMs)
    if (right !== undefined && check.kind === 'question') return end(check, right, groups, nowMs)
    const late = nowMs >= check.dueMs
    const over = late || check.votes.length + check.running >= MOST_VOTES || !left.any
    if ((over && check.running === 0) || (late && check.held !== null)) {
      return end(check, lastWordOf(groups), groups, nowMs)
    }
    // What runs for it is waited for, and no time tells when that ends.
    if (late) return
    if (check.running === 0) pending.add(check)
    nextMs = Math.min(nextMs, nowMs)
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

  return {
    usual: (task, leftMs) => void usualMs.set(task, leftMs),
    begin(check, nowMs) {
      if (checks.size >= MAX_CHECKS && check.held === null) return false
      checks.add(check)
      settle(check, nowMs)
      return true
    },
    place(freed, nowMs) {
      if (pending.size > 0) { for (const slot of freed) offer(slot, nowMs) }
      if (nextMs > nowMs) return
      nextMs = Infinity
      for (const check of [...checks]) {
        if (nowMs >= check.dueMs) settle(check, nowMs)
        if (checks.has(check) && check.dueMs > nowMs) nextMs = Math.min(nextMs, check.dueMs)
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
    },
    nextMs: () => nextMs,
  }
}

/** A node that says that it could not do it says nothing of the item. */
const isWord = (outcome: Finished['outcomes'][number]) => outcome.ok || outcome.fatal

/** What is held against those who said otherwise. */
export function reasonOf({ kind, variant: { ref } }: Check, right: readonly Vote[]): string {
  const about = `${ref.pipeline}/${ref.task}/${ref.variant}`
  if (kind === 'canary') return `wrong about what is known (${about})`
  return right.length > 1
    ? `${right.length} nodes say otherwise (${about})`
    : `a trusted node says otherwise (${about})`
}
