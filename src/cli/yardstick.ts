/**
 * What the machine does at this moment, to hold other times against: one machine's speed differs by
 * a factor of two from hour to hour where its host does other things, too.
 *
 * @module
 */

const ENTRIES = 4096
const ROUNDS = 40_000
const TRIES = 7

interface Entry {
  key: number
}

/**
 * Nanoseconds of a push and a pop of a binary heap of 4,096 objects, a new one each time: comparisons,
 * memory and a little garbage, as a scheduler has them. The least of several tries.
 */
export function yardstickNs(): number {
  let least = Infinity
  let seed = 1
  const next = () => seed = seed * 16_807 % 2_147_483_647
  const heap: Entry[] = []
  while (heap.length < ENTRIES) push(heap, { key: next() })
  for (let i = 0; i < TRIES; i++) {
    const startMs = performance.now()
    for (let round = 0; round < ROUNDS; round++) {
      push(heap, { key: pop(heap).key + next() })
    }
    least = Math.min(least, (performance.now() - startMs) / ROUNDS * 1e6)
  }
  return least
}

function push(heap: Entry[], entry: Entry): void {
  let at = heap.length
  heap.push(entry)
  while (at > 0) {
    const above = (at - 1) >> 1
    if (heap[above]!.key <= entry.key) break
    heap[at] = heap[above]!
    at = above
  }
  heap[at] = entry
}

function pop(heap: Entry[]): Entry {
  const first = heap[0]!
  const last = heap.pop()!
  let at = 0
  for (;;) {
    let below = 2 * at + 1
    if (below >= heap.length) break
    if (below + 1 < heap.length && heap[below + 1]!.key < heap[below]!.key) below++
    if (heap[below]!.key >= last.key) break
    heap[at] = heap[below]!
    at = below
  }
  heap[at] = last
  return first
}
