/**
 * Slots with credit for a batch: idle ones, the last used on top, so that few nodes do what few can do;
 * busy ones about to be free; and idle ones at rest. Updated as slots change, so that no decision has to
 * look at all slots of the pool.
 *
 * @module
 */
import type { Layout } from './capacity.ts'
import { creditAtMs } from './credit.ts'
import { type Group, type Place, type Slot } from './node.ts'
import { isResting, readyAtMs } from './slots.ts'

/** When a group's best slot could begin, and the number of the run since which it is no better. */
interface Room {
  startMs: number
  isIdle: boolean
  since: number
}

/** Slots of a group by place. Below the top of a list there may be slots that are listed elsewhere by now. */
class Lists {
  readonly idle: Slot[] = []
  readonly nearly: Slot[] = []
  readonly resting: Slot[] = []
  /** Idle slots, without those listed elsewhere by now. */
  idleCount = 0
  /** The best slot with room at the last call of `roomSince`; null if none had room. */
  room: Room | null = null

  has({ listed }: Slot, place: Place): boolean {
    return listed.in === this && listed.place === place
  }

  add(slot: Slot, place: Place): void {
    if (this.has(slot, place)) return
    this.drop(slot)
    slot.listed.in = this
    slot.listed.place = place
    this[place].push(slot)
    if (place === 'idle') this.idleCount++
  }

  drop(slot: Slot): void {
    const { listed } = slot
    if (listed.in !== this) return
    listed.in = null
    if (listed.place === 'idle') this.idleCount--
    const list = this[listed.place]
    if (list[list.length - 1] === slot) list.pop()
  }

  /** The top slot of a place that still has credit. */
  last(place: Place, group: Group, nowMs: number): Slot | undefined {
    const list = this[place]
    for (;;) {
      const slot = list[list.length - 1]
      if (slot === undefined) return undefined
      const isListed = this.has(slot, place)
      const isHere = isListed && slot.group === group && placeOf(slot) === place
      if (isHere && creditAtMs(slot, nowMs) <= nowMs) return slot
      if (isListed) this.drop(slot)
      else list.pop()
    }
  }
}

const placeOf = (slot: Slot): Place =>
  slot.batches.length > 0 ? 'nearly' : isResting(slot) ? 'resting' : 'idle'

/** When a slot gets credit by time alone; valid while the slot has this stamp. */
interface Timer {
  atMs: number
  slot: Slot
  stamp: number
}

/** A binary heap, the first timer on top. */
class Timers {
  private readonly heap: Timer[] = []

  /** The first timer that is still valid. */
  get first(): Timer | undefined {
    const { heap } = this
    while (heap.length > 0 && heap[0]!.slot.stamp !== heap[0]!.stamp) this.pop()
    return heap[0]
  }

  clear(): void {
    this.heap.length = 0
  }

  push(timer: Timer): void {
    const { heap } = this
    let i = heap.push(timer) - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (heap[parent]!.atMs <= timer.atMs) break
      heap[i] = heap[parent]!
      i = parent
    }
    heap[i] = timer
  }

  pop(): void {
    const { heap } = this
    const last = heap.pop()!
    if (heap.length === 0) return
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child + 1 < heap.length && heap[child + 1]!.atMs < heap[child]!.atMs) child++
      if (child >= heap.length || heap[child]!.atMs >= last.atMs) break
      heap[i] = heap[child]!
      i = child
    }
    heap[i] = last
  }
}

export class Ready {
  private readonly lists = new Map<Group, Lists>()
  private readonly timers = new Timers()

  /** A slot changed. */
  touch(slot: Slot, nowMs: number): void {
    const stamp = ++slot.stamp
    const own = slot.group === null ? undefined : this.lists.get(slot.group)
    if (own === undefined) return
    const atMs = creditAtMs(slot, nowMs)
    if (atMs <= nowMs) return own.add(slot, placeOf(slot))
    own.drop(slot)
    if (atMs < Infinity) this.timers.push({ atMs, slot, stamp })
  }

  /** The groups were made again. */
  rebuild({ groups }: Layout, nowMs: number): void {
    this.lists.clear()
    this.timers.clear()
    for (const group of groups) {
      this.lists.set(group, new Lists())
      // The slot used last is on top, and so taken first.
      const slots = [...group.slots].sort((a, b) => a.usedMs - b.usedMs)
      for (const slot of slots) this.touch(slot, nowMs)
    }
  }

  /** Lists the slots whose time has come. */
  advance(nowMs: number): void {
    for (let one = this.timers.first; one !== undefined; one = this.timers.first) {
      if (one.atMs > nowMs) return
      this.timers.pop()
      this.touch(one.slot, nowMs)
    }
  }

  /** The slot of a group that should get the next batch, if one has credit. The lists stay as they are. */
  peek(group: Group, resting: boolean, nowMs: number): Slot | undefined {
    const own = this.lists.get(group)
    if (resting) return own?.last('resting', group, nowMs)
    return own?.last('idle', group, nowMs) ?? own?.last('nearly', group, nowMs)
  }

  /**
   * The run since which the group has had room as good as now: items offered to it since then need not be
   * offered again. Undefined if it has no room.
   *
   * @param look number of this run; numbers grow from run to run
   */
  roomSince(group: Group, look: number, nowMs: number): number | undefined {
    const own = this.lists.get(group)
    const slot = this.peek(group, false, nowMs) ?? this.peek(group, true, nowMs)
    if (own === undefined) return undefined
    if (slot === undefined) {
      own.room = null
      return undefined
    }
    const startMs = readyAtMs(slot, nowMs)
    const isIdle = slot.batches.length === 0
    const { room } = own
    const isBetter = room === null || startMs < room.startMs || isIdle && !room.isIdle
    own.room = { startMs, isIdle, since: isBetter ? look : room.since }
    return own.room.since
  }

  /** Number of idle slots of the group, without those at rest. */
  idleCount(group: Group): number {
    return this.lists.get(group)?.idleCount ?? 0
  }

  /** When the next slot gets credit by time alone. */
  nextMs(): number {
    return this.timers.first?.atMs ?? Infinity
  }
}

export const createReady = (): Ready => new Ready()
