/**
 * Checks under way: who is asked about which items, what was said, and who is right in the end.
 *
 * @module
 */
import type { Extras } from '../extras.ts'
import type { Finished } from '../finish.ts'
import type { TaskShape, VariantShape } from '../shape.ts'
import type { Batch, PoolNode, Slot } from '../slots.ts'
import { holds, spareSlots } from '../spare.ts'
import type { DispatchedItem, NodeId, Standing } from '../types.ts'
import type { TrustOptions } from './options.ts'
import { groupsOf, lastWordOf, MANY, rightOf, type Vote } from './votes.ts'

/** Results that wait for a check to end. */
export interface Held {
  batch: Batch
  event: Finished
  /** Which of its items are checked: the others failed by their node's own word. */
  positions: number[]
}

export interface Check {
  /** `replica`: others are asked the same. `canary`: one is asked what is known. `question`: nothing is known. */
  kind: 'replica' | 'canary' | 'question'
  variant: VariantShape
  items: DispatchedItem[]
  votes: Vote[]
  /** Of each vote that came from a batch: what came of it, for whoever waits. */
  events: Map<Vote, { slot: Slot; event: Finished }>
  /** The one node to ask; null for any. */
  target: NodeId | null
  asked: Set<NodeId>
  running: number
  held: Held | null
  sinceMs: number
  /** Decided as well as may be by then. */
  dueMs: number
}

export interface CheckParts {
  options: TrustOptions
  extras: Extras
  nodes: ReadonlyMap<NodeId, PoolNode>
  /** Who is here, in no order that matters. */
  ids(): readonly NodeId[]
  standingOf(node: NodeId): Standing
  /** What its results were computed on, as far as is known. */
  backendOf(node: NodeId): string | undefined
  /** Whether it may be asked at all: its volunteer has not paused it. */
  isWilling(node: NodeId): boolean
  /** Items that wait for a slot. */
  waiting(): number
  sent(check: Check, items: number): void
  heard(batch: Batch, event: Finished, nowMs: number): Finished
  /** A result that no input leads to. */
  blatant(node: NodeId, fault: string, variant: VariantShape): void
  /** The end: who is right, if anybody can tell, and how votes differ. */
  decided(check: Check, right: readonly Vote[] | undefined, groups: Vote[][], nowMs: number): void
}

export interface Checks {
  begin(check: Check, nowMs: number): void
  /** Whether there is anybody to ask about what this batch said. */
  couldAsk(batch: Batch): boolean
  /** What time is left to queries when their items are sent. */
  usual(task: TaskShape, leftMs: number): void
  /** Asks nodes that are free, and ends checks whose time is up. */
  place(nowMs: number): void
  nextMs(): number
  count(): number
}

/** What nobody waits for leaves slots to queries so long. */
const PATIENCE_MS = 1500
/** Share of the time for a check that is left to trusted nodes, should they all be busy. */
const FOR_TRUSTED = 0.25
/** Nodes that are asked about the same items at the most. */
const MOST_VOTES = 5
const AGAIN_MS = 10
const MAX_CHECKS = 512
/** Free slots to choose one from. */
const SOME = 12

export function createChecks(parts: CheckParts): Checks {
  const { options, nodes } = parts
  const checks = new Set<Check>()
  /** Time that queries had left at their last batch of a task. */
  const usualMs = new Map<TaskShape, number>()
  /** When to be woken at the latest, and from when `place` has something to do. */
  let nextMs = Infinity
  let dueMs = Infinity

  const known = (check: Check) => check.votes.length + check.running

  /** All nodes, the first of them by chance: in a large pool a few are enough to choose from. */
  function* fromAnywhere(): Iterable<PoolNode> {
    const ids = parts.ids()
    const first = Math.floor(options.random() * ids.length)
    for (let i = 0; i < ids.length; i++) {
      const node = nodes.get(ids[(first + i) % ids.length]!)
      if (node !== undefined) yield node
    }
  }

  /** Trusted nodes are asked where there are any that hold the variant. */
  function judgesOf(check: Check): { any: boolean; trusted: boolean } {
    let any = false
    let trusted = false
    for (const node of fromAnywhere()) {
      if (any && trusted) break
      if (!mayAsk(check, node) || !holds(node, check.variant)) continue
      any = true
      const standing = parts.standingOf(node.id)
      if (standing === 'own' || standing === 'trusted') trusted = true
    }
    return { any, trusted }
  }

  function mayAsk(check: Check, node: PoolNode): boolean {
    if (check.asked.has(node.id) || !parts.isWilling(node.id)) return false
    if (check.target !== null) return check.target === node.id
    return parts.standingOf(node.id) !== 'quarantined'
  }

  const isGood = ({ node }: Slot) => ['own', 'trusted'].includes(parts.standingOf(node.id))

  /** From when on other than trusted nodes may be asked, though there are some. */
  const openAtMs = ({ kind, sinceMs, dueMs }: Check) =>
    kind === 'question' ? Infinity : sinceMs + FOR_TRUSTED * (dueMs - sinceMs)

  /** A trusted one where there is any; of those one whose results can be compared most strictly. */
  function slotFor(check: Check, idle: boolean, nowMs: number): Slot | undefined {
    const may = (node: PoolNode) => mayAsk(check, node)
    const found = spareSlots(fromAnywhere(), check.variant, may, idle, nowMs, SOME)
    if (check.target !== null) return found[0]
    const good = found.filter(isGood)
    // One of the nodes that are busy knows better: it is waited for.
    if (good.length === 0 && nowMs < openAtMs(check) && judgesOf(check).trusted) return undefined
    const among = good.length > 0 ? good : found
    const backend = check.votes[0]?.said[0]?.backend
    const alike = among.filter(({ node }) => parts.backendOf(node.id) === backend)
    const best = alike.length > 0 ? alike : among
    return best[Math.floor(options.random() * best.length)]
  }

  /** As a query's would be: a node is not to tell them apart. */
  function budgetMs(task: TaskShape): number {
    const usual = usualMs.get(task) ?? task.pipeline.pipeline.sloMs / (1 + task.depth)
    return usual * (0.85 + 0.15 * options.random())
  }

  function ask(check: Check, slot: Slot, nowMs: number): void {
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
          if (check.target !== null) return end(check, undefined, [], atMs)
          return settle(check, atMs)
        }
        const { backend } = event
        const vote: Vote = {
          node: node.id,
          standing: parts.standingOf(node.id),
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
    parts.decided(check, right, groups, nowMs)
  }

  /** Ends it where it can be ended; else it waits for more. */
  function settle(check: Check, nowMs: number): void {
    if (!checks.has(check)) return
    const groups = groupsOf(check.votes, check.variant.ref, options.agree)
    const judges = judgesOf(check)
    const canAskTrusted = judges.trusted && nowMs < openAtMs(check)
    const enough = check.kind !== 'canary' || check.votes.length > 1
    const least = check.kind === 'question' ? MANY : 2
    const right = enough ? rightOf(groups, canAskTrusted, least) : undefined
    if (right !== undefined && check.votes.length > 1) return end(check, right, groups, nowMs)
    if (right !== undefined && check.kind === 'question') return end(check, right, groups, nowMs)
    const over = nowMs >= check.dueMs || known(check) >= MOST_VOTES || !judges.any
    if (over && check.running === 0) end(check, lastWordOf(groups), groups, nowMs)
    else if (nowMs >= check.dueMs && check.held !== null) {
      end(check, lastWordOf(groups), groups, nowMs)
    } else dueMs = nextMs = nowMs
  }

  return {
    couldAsk({ slot, variant }) {
      for (const node of fromAnywhere()) {
        if (node === slot.node || !parts.isWilling(node.id) || !holds(node, variant)) continue
        if (parts.standingOf(node.id) !== 'quarantined') return true
      }
      return false
    },
    usual: (task, leftMs) => void usualMs.set(task, leftMs),
    begin(check, nowMs) {
      if (checks.size >= MAX_CHECKS && check.held === null) return
      checks.add(check)
      settle(check, nowMs)
    },
    place(nowMs) {
      if (dueMs > nowMs) return
      nextMs = dueMs = Infinity
      const busy = parts.waiting() > 0
      for (const check of [...checks]) {
        if (nowMs >= check.dueMs) settle(check, nowMs)
        if (!checks.has(check)) continue
        nextMs = Math.min(nextMs, check.dueMs > nowMs ? check.dueMs : nowMs + AGAIN_MS)
        if (check.running === 0) {
          const patientUntilMs = check.held === null && busy
            ? check.sinceMs + PATIENCE_MS
            : -Infinity
          if (nowMs < patientUntilMs) {
            nextMs = Math.min(nextMs, patientUntilMs)
            continue
          }
          const slot = slotFor(check, check.held === null && !busy, nowMs)
          if (slot !== undefined) ask(check, slot, nowMs)
          else {
            // Whatever happens next may free a slot; it must not go to others again and again.
            dueMs = -Infinity
            nextMs = Math.min(nextMs, nowMs + AGAIN_MS)
          }
        }
      }
      dueMs = Math.min(dueMs, nextMs)
    },
    nextMs: () => nextMs,
    count: () => checks.size,
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
