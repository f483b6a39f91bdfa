/**
 * Dispatch: slot, variant and batch in one decision, made when a slot has credit; or leave an item
 * to a better slot; or drop a query that nothing can serve in time.
 *
 * @module
 */
import type { Haste } from '../demand/haste.ts'
import type { Targets } from '../frontier/targets.ts'
import type { Backlog } from '../lookahead/backlog.ts'
import type { Tails } from '../lookahead/tails.ts'
import type { Fits, Limits } from '../options.ts'
import type { Capacity } from '../pool/capacity.ts'
import type { Ready } from '../pool/ready.ts'
import { type Group, holdsAll, type Slot } from '../pool/slots.ts'
import { isAnyones, type Item, type Query } from '../queue/query.ts'
import type { Waiting } from '../queue/waiting.ts'
import { fillBatch, type Filled, type Member } from './batching.ts'
import { hasWaited, isCalled, isPressing } from './calling.ts'
import { choose, type View } from './choose.ts'
import { firstConfined } from './confined.ts'
import { elsewhere, hasAwake, isFurther, isKeptElsewhere } from './elsewhere.ts'
import { isHeldBack } from './held_back.ts'
import { isHelping, isInGoodHands } from './help.ts'
import { largeBatch } from './large.ts'
import { lingerUntilMs } from './linger.ts'
import { mostUrgent } from './most_urgent.ts'
import { pairedPosition } from './pairing.ts'
import { isKeptForProven } from './proven.ts'
import { leavesRoom } from './room.ts'
import { isWasteful } from './wasteful.ts'

export interface DispatchParts {
  limits: Limits
  waiting: Waiting
  ready: Ready
  targets: Targets
  haste: Pick<Haste, 'laxityMs'>
  /** Whether a queue stands. */
  door: { readonly stands: boolean }
  /** Of this moment. */
  capacity(nowMs: number): { capacity: Capacity; tails: Tails }
  backlog(nowMs: number, island: number): Backlog
  fits: Fits
  /** Queries inside. */
  inside(): number
  arrivals: View['arrivals']
  /** Share of a query's laxity that decisions leave alone. */
  keep(): number
  send(slot: Slot, batch: Filled, waiting: number, nowMs: number): void
  drop(query: Query, nowMs: number): void
}

/** Items that one decision may leave to other slots before it gives up for now. */
const MAX_LEFT = 8

/** With fewer queries inside for each slot the pool is as good as idle. */
const QUIET = 0.1

/** In a pool of more slots something happens all the time: who went without is asked again later. */
const MANY_SLOTS = 128
const AGAIN_MS = 2

/** A slot that leaves work to others looks again after this, should nothing happen before. */
const LOOK_AGAIN_MS = 25

/**
 * Makes what gives batches to all slots with credit. That returns when to look again at the latest;
 * Infinity where no slot went without though work waits.
 */
export function createDispatch(parts: DispatchParts): (nowMs: number) => number {
  const { limits: { maxBatch }, waiting, ready, targets } = parts
  /** One for all decisions: what each reads is filled in anew. */
  const view = createView(targets, ready, parts)
  /** By index of the task: items of it that the decision at hand has left to others. */
  const cursors: number[] = []

  /** When to look again; Infinity where no slot went without. */
  function dispatchTo(group: Group, resting: boolean, againMs: number, nowMs: number): number {
    const which = resting ? 'resting' : 'awake'
    if (nowMs - group.declinedMs[which] < againMs) return nowMs + LOOK_AGAIN_MS
    while (waiting.total > 0) {
      const slot = ready.peek(group, resting, nowMs)
      if (slot === undefined) break
      const lookMs = decide(slot, nowMs)
      if (lookMs === undefined) continue
      group.declinedMs[which] = nowMs
      return lookMs
    }
    return Infinity
  }

  function drop(query: Query, { group }: Slot, nowMs: number): void {
    parts.drop(query, nowMs)
    view.backlog = parts.backlog(nowMs, group!.island)
  }

  /** One decision. When the slot gets nothing: when to ask again. */
  function decide(slot: Slot, nowMs: number): number | undefined {
    const { capacity, tails } = parts.capacity(nowMs)
    view.nowMs = nowMs
    view.capacity = capacity
    view.tails = tails
    view.backlog = parts.backlog(nowMs, slot.group!.island)
    view.inside = parts.inside()
    view.free = view.inside <= Math.max(1, QUIET * capacity.slotCount)
    view.keep = parts.keep()
    view.stands = parts.door.stands
    view.hasteMs = parts.haste.laxityMs
    for (let i = 0; i < capacity.groups.length; i++) view.freeMs[i] = NaN
    view.awakeFreeMs = slot.node.resting ? NaN : nowMs
    for (const { index } of slot.group!.tasks) cursors[index] = 0
    let againMs = nowMs + LOOK_AGAIN_MS
    if (slot.node.resting && !isCalled(slot, waiting, view, MAX_LEFT)) return againMs
    /** Looked at once, before all else: what others can do is left to them. */
    let confined = firstConfined(slot, waiting, view)
    for (let left = 0; left < MAX_LEFT;) {
      const item = confined?.item ?? nextFor(slot)
      if (item === undefined) return againMs
      const position = confined?.position ?? cursors[item.task.index]!
      const isFirst = confined !== undefined
      confined = undefined
      const verdict = judge(item, position, slot, view)
      if (verdict === 'drop') {
        drop(item.query, slot, nowMs)
        continue
      }
      if (verdict === 'leave' || verdict === 'kept' || typeof verdict === 'number') {
        if (verdict !== 'kept') left++
        if (isFirst) continue
        const next = typeof verdict === 'string' ? 0 : waiting.of(item.task).dueBy(verdict)
        cursors[item.task.index] = Math.max(position + 1, next)
        continue
      }
      const queue = waiting.of(item.task)
      const filled = largeBatch(verdict, position, queue, slot, view, maxBatch) ??
        fillBatch(verdict, position, queue, slot, view, maxBatch)
      if (isWasteful(filled, queue.length - position, slot, view, maxBatch)) {
        drop(item.query, slot, nowMs)
        continue
      }
      const { members, close } = filled
      // In a pool of many slots so much comes that nobody has to wait for it.
      const lingers = close === 'queue_empty' && capacity.slotCount <= MANY_SLOTS
      const untilMs = !leavesRoom(members, slot, view)
        ? Infinity
        : lingers
        ? lingerUntilMs(verdict, members.length, slot, view, waiting.total > queue.length)
        : undefined
      if (untilMs === undefined) {
        parts.send(slot, filled, queue.length - position, nowMs)
        return undefined
      }
      againMs = Math.min(againMs, untilMs)
      left++
      if (!isFirst) cursors[item.task.index] = queue.length
    }
    return againMs
  }

  /** The most urgent item, or the first behind it of those that are this slot's to do. */
  function nextFor(slot: Slot): Item | undefined {
    const first = mostUrgent(slot, cursors, waiting, view)
    if (first === undefined || !holdsAll(slot)) return first
    const { index } = first.task
    const queue = waiting.of(first.task)
    cursors[index] = pairedPosition(cursors[index]!, queue, slot, view)
    return queue.at(cursors[index]!)
  }

  return (nowMs) => {
    const { capacity: { groups, slotCount } } = parts.capacity(nowMs)
    ready.advance(nowMs)
    const againMs = slotCount > MANY_SLOTS ? AGAIN_MS : 0
    let lookMs = Infinity
    for (const group of groups) lookMs = Math.min(lookMs, dispatchTo(group, false, againMs, nowMs))
    for (const group of groups) lookMs = Math.min(lookMs, dispatchTo(group, true, againMs, nowMs))
    return waiting.total > 0 ? lookMs : Infinity
  }
}

/** With a place for all that is filled in later: what is added to an object is read more slowly. */
const createView = (
  targets: Targets,
  { idleCount, creditCount }: Ready,
  { arrivals, fits }: Pick<View, 'arrivals' | 'fits'>,
): View => ({
  nowMs: NaN,
  capacity: undefined as unknown as Capacity,
  tails: undefined as unknown as Tails,
  targets,
  backlog: undefined as unknown as Backlog,
  fits,
  stands: false,
  inside: 0,
  free: false,
  arrivals,
  idleCount,
  creditCount,
  keep: NaN,
  hasteMs: NaN,
  freeMs: [],
  awakeFreeMs: NaN,
  calls: true,
})

/**
 * A number: it is left to others, and so are all behind it that are due by then. `kept`: it is for
 * nodes that have shown more, which says nothing of what is behind it.
 */
function judge(
  item: Item,
  position: number,
  slot: Slot,
  view: View,
): Member | 'leave' | 'kept' | 'drop' | number {
  const { deadlineMs } = item
  if (item.attempts > 0 && isKeptForProven(item, slot, view)) return 'kept'
  if (!view.fits(item.payload, slot.node.id)) {
    item.passedOver = true
    return 'leave'
  }
  const planned = view.targets.isPlanned(item.task, slot.group!)
  const canAll = holdsAll(slot)
  if (slot.node.resting && !(canAll ? isPressing : hasWaited)(item, view)) {
    if (hasAwake(item.task, view)) return 'leave'
  }
  // One that holds all it can is no reserve for a peak: it helps as soon as work is pressing.
  if (!planned && canAll && !hasWaited(item, view)) return 'leave'
  const helps = isHelping(item.task, slot, view)
  if (helps && isAnyones(item) && isInGoodHands(item, position, slot, view)) return 'leave'
  heed(!canAll || slot.node.resting || isPressing(item, view), view)
  const { best, quickest } = choose(item, slot, view)
  const choice = best ?? quickest
  // Nothing here may serve it. Where something may elsewhere, time decides; else it waits for a
  // node that can: only its deadline ends it.
  if (choice === undefined) return 'leave'
  if (isHeldBack(item, choice, slot, view)) return 'leave'
  // Nobody does worse what others will have done well.
  if (choice.lost > (planned ? LOST : 0) && canAll && isAnyones(item)) {
    if (isInGoodHands(item, position, slot, view, true)) return 'leave'
  }
  if (best === undefined) {
    // Who is slow or far away would look at what is too late for it, and never at what is behind that:
    // once all that is urgent is, its time would be lost for good, and so would be what it could do.
    if (choice.safeEndMs > deadlineMs) {
      const other = elsewhere(item, slot, view)
      if (other === 'safe' && !item.passedOver) return choice.safeEndMs
      if (choice.endMs > deadlineMs) return other === 'possible' ? choice.safeEndMs : 'drop'
    }
    // Nor does who is far do at the last moment what others do in good time.
    if (
      canAll && isFurther(item.task, slot, view) && isKeptElsewhere(item, choice, slot, view)
    ) return choice.safeEndMs
  }
  if (item.failedOn === slot.node.id && elsewhere(item, slot, view) === 'safe') return 'leave'
  return { item, choice }
}

/** Whether those that rest are reckoned with. */
function heed(calls: boolean, view: View): void {
  if (view.calls === calls) return
  view.calls = calls
  view.freeMs.fill(NaN)
}

/** Share of the wanted accuracy that one who is planned for an item may lose of it, for want of time. */
const LOST = 0.2
