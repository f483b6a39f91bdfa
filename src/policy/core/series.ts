/**
 * A table whose ids only rise, such as those of batches. What came first stands first, so an entry is
 * found by halving: in so few that is quicker than the properties of an object that are made and
 * deleted all the time.
 *
 * @module
 */
import { closeGaps, isSparse, type Table, withoutGaps } from './table.ts'

/** @throws RangeError from `set` for an id that is not new and above all before it */
export function createSeries<T extends NonNullable<unknown>>(): Table<number, T> {
  const ids: number[] = []
  const entries: (T | undefined)[] = []
  let size = 0

  /** Where it stands; -1 where it does not. */
  function placeOf(id: number): number {
    let low = 0
    let high = ids.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (ids[middle]! < id) low = middle + 1
      else high = middle
    }
    return ids[low] === id && entries[low] !== undefined ? low : -1
  }

  return {
    entries,
    get size() {
      return size
    },
    get(id) {
      const place = placeOf(id)
      return place < 0 ? undefined : entries[place]
    },
    has: (id) => placeOf(id) >= 0,
    set(id, entry) {
      if (!(id > (ids[ids.length - 1] ?? -Infinity))) {
        throw new RangeError(`Cannot add ${id} to a series: its ids must rise`)
      }
      size++
      ids.push(id)
      entries.push(entry)
    },
    delete(id) {
      const place = placeOf(id)
      if (place < 0) return false
      size--
      entries[place] = undefined
      if (isSparse(entries, size)) closeGaps(ids, entries)
      return true
    },
    values: () => withoutGaps(entries),
  }
}
