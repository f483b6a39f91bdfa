/**
 * Which slots have credit for a batch: idle ones, the last used on top, so that few nodes do what
 * few can do; busy ones about to be free; and idle ones of nodes that rest.
 *
 * Kept up as slots change, so that no decision looks at all slots of the pool.
 *
 * @module
 */
import type { Layout } from './capacity.ts'
import { creditAtMs } from './credit.ts'
import type { Group, Place, Slot } from './slots.ts'

export interface Ready {
  /** Something about the slot changed. */
  touch(slot: Slot, nowMs: number): void
  /** Groups were made anew. */
  rebuild(layout: Layout, nowMs: number): void
  /** Takes up those whose time has come. */
  advance(nowMs: number): void
  /** The slot of a group that should get the next batch, if one has credit. Leaves it where it is. */
  peek(group: Group, resting: boolean, nowMs: number): Slot | undefined
  /** Idle slots of the group, without the resting ones. */
  idleCount(group: Group): number
  /** These, and those whose next batch may be on its way while the one before it ends. */
  creditCount(group: Group): number
  /** When the next slot gets credit by the time alone. */
  nextMs(): number
}

interface Lists extends Record<Place, Slot[]> {
  /** Without what is passed over. */
  counts: Record<Place, number>
}

const nobody = (): Record<Place, number> => ({ idle: 0, nearly: 0, resting: 0 })

interface Timer {
  atMs: number
  slot: Slot
  stamp: number
}

export function createReady(): Ready {
  const lists = new Map<Group, Lists>()
  const heap: Timer[] = []

  const placeOf = (slot: Slot): Place =>
    slot.batches.length > 0 ? 'nearly' : slot.node.resting ? 'resting' : 'idle'

  const isListed = ({ listed }: Slot, own: Lists, place: Place): boolean =>
    listed.in === own && listed.place === place

  function touch(slot: Slot, nowMs: number): void {
    const stamp = ++slot.stamp
    const { group } = slot
    const own = group === null ? undefined : lists.get(group)
    if (own === undefined) return
    const atMs = creditAtMs(slot, nowMs)
    if (atMs <= nowMs) {
      const place = placeOf(slot)
      if (isListed(slot, own, place)) return
      unlist(slot, own)
      slot.listed.in = own
      slot.listed.place = place
      own[place].push(slot)
      own.counts[place]++
      return
    }
    unlist(slot, own)
    if (atMs < Infinity) push({ atMs, slot, stamp })
  }

  /** Deeper in its list it stays, to be passed over when met. */
  function unlist({ listed }: Slot, own: Lists): void {
    if (listed.in !== own) return
    listed.in = null
    own.counts[listed.place]--
    const list = own[listed.place]
    if (list[list.length - 1]?.listed === listed) list.pop()
  }

  function push(timer: Timer): void {
    let i = heap.length
    heap.push(timer)
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (heap[parent]!.atMs <= timer.atMs) break
      heap[i] = heap[parent]!
      i = parent
    }
    heap[i] = timer
  }

  function pop(): void {
    const last = heap.pop()!
    if (heap.length === 0) return
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && heap[child + 1]!.atMs < heap[child]!.atMs) child++
      if (heap[child]!.atMs >= last.atMs) break
      heap[i] = heap[child]!
      i = child
    }
    heap[i] = last
  }

  /** Drops from the end what is no longer so. */
  function settle(own: Lists, place: Place, group: Group, nowMs: number): Slot | undefined {
    const list = own[place]
    for (;;) {
      const slot = list[list.length - 1]
      if (slot === undefined) return undefined
      const listed = isListed(slot, own, place)
      const isOf = listed && slot.group === group
      if (isOf && placeOf(slot) === place && creditAtMs(slot, nowMs) <= nowMs) return slot
      list.pop()
      if (listed) unlist(slot, own)
    }
  }

  return {
    touch,
    rebuild({ groups }, nowMs) {
      lists.clear()
      heap.length = 0
      for (const group of groups) {
        lists.set(group, { idle: [], nearly: [], resting: [], counts: nobody() })
        // The last used comes last, and so first to be taken.
        for (const slot of [...group.slots].sort((a, b) => a.usedMs - b.usedMs)) touch(slot, nowMs)
      }
    },
    advance(nowMs) {
      while (heap.length > 0 && heap[0]!.atMs <= nowMs) {
        const { slot, stamp } = heap[0]!
        pop()
        if (slot.stamp === stamp) touch(slot, nowMs)
      }
    },
    peek(group, resting, nowMs) {
      const own = lists.get(group)
      if (own === undefined) return undefined
      if (resting) return settle(own, 'resting', group, nowMs)
      return settle(own, 'idle', group, nowMs) ?? settle(own, 'nearly', group, nowMs)
    },
    idleCount: (group) => lists.get(group)?.counts.idle ?? 0,
    creditCount(group) {
      const counts = lists.get(group)?.counts
      return counts === undefined ? 0 : counts.idle + counts.nearly
    },
    nextMs() {
      while (heap.length > 0 && heap[0]!.slot.stamp !== heap[0]!.stamp) pop()
      return heap[0]?.atMs ?? Infinity
    },
  }
}
