/**
 * Batches larger than any that ran or was measured. What these take is a guess, that each item adds
 * as much as the first, and by that guess they are never worth it: on a node that joins a busy pool,
 * and so finds no idle moment to measure in, it would stay one. So larger ones are tried while the
 * queue has items for them, twice as large each time that this pays.
 *
 * @module
 */

export interface Trial {
  /** Up to this size a batch is to be tried; 0 once there is nothing more to be found out. */
  readonly size: number
  /** One of this size ended. @param meanMs what is thought of any size now */
  ended(batch: number, meanMs: (batch: number) => number): void
}

/** So many batches say what a size takes. */
const TRIES = 3
/** It pays where an item takes no more than this of what it takes at half the size. */
const PAYS = 0.95
const MOST = 64

export function createTrial(): Trial {
  let size = 2
  let tries = 0
  return {
    get size() {
      return size
    },
    ended(batch, meanMs) {
      if (batch <= size / 2 || ++tries < TRIES) return
      tries = 0
      const pays = meanMs(size) <= 2 * PAYS * meanMs(size / 2)
      size = pays && size < MOST ? 2 * size : 0
    },
  }
}
