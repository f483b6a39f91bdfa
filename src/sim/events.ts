/**
 * Virtual time: what is to happen, earliest first; at one instant, in the order of asking.
 *
 * @module
 */

export interface VirtualTime {
  readonly nowMs: number
  /** Has `action` happen at that time; at once, but after what is due, when it is past. */
  at(timeMs: number, action: () => void): void
  /** Lets everything happen up to and including this time; the clock then stands there. */
  run(untilMs: number): void
}

interface Entry {
  timeMs: number
  order: number
  action: () => void
}

const before = (a: Entry, b: Entry) =>
  a.timeMs < b.timeMs || (a.timeMs === b.timeMs && a.order < b.order)

/** A binary heap over time. */
export function createVirtualTime(): VirtualTime {
  const heap: Entry[] = []
  let nowMs = 0
  let order = 0

  function push(entry: Entry): void {
    let i = heap.length
    heap.push(entry)
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!before(entry, heap[parent]!)) break
      heap[i] = heap[parent]!
      i = parent
    }
    heap[i] = entry
  }

  function pop(): Entry {
    const first = heap[0]!
    const last = heap.pop()!
    if (heap.length === 0) return first
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++
      if (!before(heap[child]!, last)) break
      heap[i] = heap[child]!
      i = child
    }
    heap[i] = last
    return first
  }

  return {
    get nowMs() {
      return nowMs
    },
    at: (timeMs, action) => push({ timeMs: Math.max(timeMs, nowMs), order: order++, action }),
    run(untilMs) {
      while (heap.length > 0 && heap[0]!.timeMs <= untilMs) {
        const { timeMs, action } = pop()
        nowMs = timeMs
        action()
      }
      nowMs = Math.max(nowMs, untilMs)
    },
  }
}
