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
  /** All entries, the most urgent first: for a walk over many. */
  readonly entries: readonly T[]
  /** Entries due at this time or before. */
  dueBy(deadlineMs: number): number
  insert(entry: T): void
  /** False when it was not there. */
  remove(entry: T): boolean
  /** Position of the first entry that comes after this one, whether it is here or not. */
  positionAfter(entry: T): number
  /** Entry at this position, the most urgent at 0. */
  at(position: number): T | undefined
}

/** Insertion and removal search by halving; entries lie in one array. */
export function createQueue<T extends Urgent>(): DeadlineQueue<T> {
  const entries: T[] = []

  /** First position whose entry does not come before `entry`. */
  function positionOf(entry: T): number {
    let low = 0
    let high = entries.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (byUrgency(entries[middle]!, entry) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  return {
    get length() {
      return entries.length
    },
    entries,
    dueBy(deadlineMs) {
      let low = 0
      let high = entries.length
      while (low < high) {
        const middle = (low + high) >> 1
        if (entries[middle]!.deadlineMs <= deadlineMs) low = middle + 1
        else high = middle
      }
      return low
    },
    insert(entry) {
      entries.splice(positionOf(entry), 0, entry)
    },
    remove(entry) {
      const position = positionOf(entry)
      if (entries[position] !== entry) return false
      entries.splice(position, 1)
      return true
    },
    positionAfter(entry) {
      const position = positionOf(entry)
      return entries[position] === entry ? position + 1 : position
    },
    at: (position) => entries[position],
  }
}
