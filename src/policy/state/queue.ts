/**
 * A queue in deadline order: earliest deadline first, then older query, then reading order.
 *
 * @module
 */

/** Sort key of an entry. No two entries of one queue may be equal in all three. */
export interface Urgent {
  readonly deadlineMs: number
  /** Order of arrival of the query. */
  readonly seq: number
  /** Order of creation within the query. */
  readonly ordinal: number
}

/** Negative if `a` comes first. */
export function byUrgency(a: Urgent, b: Urgent): number {
  return a.deadlineMs - b.deadlineMs || a.seq - b.seq || a.ordinal - b.ordinal
}

/** Cost of moving an entry one by one, relative to a splice of the array. */
const ONE_BY_ONE = 8
/** Most free places at the front of the array beyond the number of entries. */
const MAX_FREE = 1024

/**
 * Insertion and removal find positions by binary search. Entries lie in one array with free places in
 * front: most removals are near the front, and only the entries before a removed one move.
 *
 * A class, since there are several queues and decisions look at hundreds of entries: engines inline
 * methods, but not closures that were created more than once.
 */
export class DeadlineQueue<T extends Urgent> {
  private readonly array: (T | undefined)[] = []
  private head = 0

  get length(): number {
    return this.array.length - this.head
  }

  /** Entry at this position; the earliest deadline is at 0. */
  at(position: number): T | undefined {
    return position < 0 ? undefined : this.array[this.head + position]
  }

  /** Number of entries due at this time or before. */
  dueBy(deadlineMs: number): number {
    return this.positionOf({ deadlineMs, seq: Infinity, ordinal: 0 })
  }

  insert(entry: T): void {
    this.insertAt(this.positionOf(entry), [entry])
  }

  /** Inserts a non-empty run of entries in order; no other entry may sort between them. */
  insertRun(run: readonly T[]): void {
    const position = this.positionOf(run[0]!)
    const next = this.at(position)
    if (next !== undefined && byUrgency(next, run[run.length - 1]!) < 0) {
      throw new RangeError('Cannot insert a run: other entries come in between')
    }
    this.insertAt(position, run)
  }

  /** Returns false if the entry was not in the queue. */
  remove(entry: T): boolean {
    const index = this.head + this.positionOf(entry)
    if (this.array[index] !== entry) return false
    this.removeAt(index, 1)
    return true
  }

  /** Removes adjacent entries in this order. Returns false, and removes none, if they are not adjacent. */
  removeRun(run: readonly T[]): boolean {
    const first = run[0]
    if (first === undefined) return true
    const { array } = this
    const index = this.head + this.positionOf(first)
    for (let i = 0; i < run.length; i++) if (array[index + i] !== run[i]) return false
    this.removeAt(index, run.length)
    return true
  }

  /** Position of the first entry that does not sort before this one. */
  private positionOf(entry: Urgent): number {
    const { array, head } = this
    let low = head
    let high = array.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (byUrgency(array[middle]!, entry) < 0) low = middle + 1
      else high = middle
    }
    return low - head
  }

  /** Whether moving the entries before this index is less work than moving those behind it. */
  private isNearFront(index: number): boolean {
    return (index - this.head) * ONE_BY_ONE <= this.array.length - index
  }

  private insertAt(position: number, run: readonly T[]): void {
    const { array, head } = this
    const count = run.length
    const index = head + position
    if (head < count || !this.isNearFront(index)) {
      if (count === 1) array.splice(index, 0, run[0]!)
      else array.splice(index, 0, ...run)
      return
    }
    for (let i = head; i < index; i++) array[i - count] = array[i]
    for (let i = 0; i < count; i++) array[index - count + i] = run[i]
    this.head -= count
  }

  private removeAt(index: number, count: number): void {
    const { array, head } = this
    if (!this.isNearFront(index)) {
      array.splice(index, count)
      return
    }
    for (let i = index - 1; i >= head; i--) array[i + count] = array[i]
    for (let i = 0; i < count; i++) array[this.head++] = undefined
    if (this.head > MAX_FREE && 2 * this.head > array.length) {
      array.splice(0, this.head)
      this.head = 0
    }
  }
}

export const createQueue = <T extends Urgent>(): DeadlineQueue<T> => new DeadlineQueue<T>()
