/**
 * A queue in deadline order: earliest deadline first, then older query, then reading order.
 *
 * @module
 */

/** What gives an entry its place. No two entries of one queue may be equal in all three. */
export interface Urgent {
  readonly deadlineMs: number
  /** Order of arrival of the query. */
  readonly seq: number
  /** Order of creation within the query. */
  readonly ordinal: number
}

/** Below 0 when `a` comes first. */
export function byUrgency(a: Urgent, b: Urgent): number {
  return a.deadlineMs - b.deadlineMs || a.seq - b.seq || a.ordinal - b.ordinal
}

export interface DeadlineQueue<T extends Urgent> {
  readonly length: number
  /** Entries due at this time or before. */
  dueBy(deadlineMs: number): number
  insert(entry: T): void
  /** Several in their order, between which none of the others comes. */
  insertRun(run: readonly T[]): void
  /** False when it was not there. */
  remove(entry: T): boolean
  /** Several that stand together in this order. False, and none is removed, where they do not. */
  removeRun(run: readonly T[]): boolean
  /** Position of the first entry that comes after this one, whether it is here or not. */
  positionAfter(entry: T): number
  /** Entry at this position, the most urgent at 0. */
  at(position: number): T | undefined
}

/** Moving entries one by one takes so much longer than having the array move its end. */
const ONE_BY_ONE = 8
/** Left free at the front of the array, at most, on top of as many as there are entries. */
const MAX_FREE = 1024

/**
 * Insertion and removal search by halving. Entries lie in one array with free places in front of
 * them: most of what is removed is among the most urgent, and only what is before it moves up.
 */
export function createQueue<T extends Urgent>(): DeadlineQueue<T> {
  const array: (T | undefined)[] = []
  let head = 0

  /** Whether it is less work to move what is before this index than what is behind it. */
  const isNearFront = (index: number) => (index - head) * ONE_BY_ONE <= array.length - index

  const at = (position: number): T | undefined => position < 0 ? undefined : array[head + position]

  /** Position of the first entry that does not come before this one. */
  function positionOf(entry: T): number {
    let low = head
    let high = array.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (byUrgency(array[middle]!, entry) < 0) low = middle + 1
      else high = middle
    }
    return low - head
  }

  function dueBy(deadlineMs: number): number {
    let low = head
    let high = array.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (array[middle]!.deadlineMs <= deadlineMs) low = middle + 1
      else high = middle
    }
    return low - head
  }

  function insertAt(position: number, run: readonly T[]): void {
    const count = run.length
    const index = head + position
    if (head < count || !isNearFront(index)) {
      if (count === 1) array.splice(index, 0, run[0]!)
      else array.splice(index, 0, ...run)
      return
    }
    for (let i = head; i < index; i++) array[i - count] = array[i]
    for (let i = 0; i < count; i++) array[index - count + i] = run[i]
    head -= count
  }

  /** Takes out what stands there. */
  function removeAt(index: number, count: number): void {
    if (!isNearFront(index)) {
      array.splice(index, count)
      return
    }
    for (let i = index - 1; i >= head; i--) array[i + count] = array[i]
    for (let i = 0; i < count; i++) array[head++] = undefined
    if (head > MAX_FREE && 2 * head > array.length) {
      array.splice(0, head)
      head = 0
    }
  }

  return {
    get length() {
      return array.length - head
    },
    dueBy,
    insert: (entry) => insertAt(positionOf(entry), [entry]),
    insertRun(run) {
      const first = run[0]
      if (first === undefined) return
      const position = positionOf(first)
      const next = at(position)
      if (next !== undefined && byUrgency(next, run[run.length - 1]!) < 0) {
        throw new RangeError('Cannot insert a run: others come in between')
      }
      insertAt(position, run)
    },
    remove(entry) {
      const index = head + positionOf(entry)
      if (array[index] !== entry) return false
      removeAt(index, 1)
      return true
    },
    removeRun(run) {
      const first = run[0]
      if (first === undefined) return true
      const index = head + positionOf(first)
      for (let i = 0; i < run.length; i++) if (array[index + i] !== run[i]) return false
      removeAt(index, run.length)
      return true
    },
    positionAfter(entry) {
      const position = positionOf(entry)
      return at(position) === entry ? position + 1 : position
    },
    at,
  }
}
