/**
 * A table for what comes and goes by the thousand.
 *
 * V8's own `Map` and `Set` keep alive what was in them: a map that many entries pass through moves to
 * a new store again and again, and each old store leads to the next. Once one of them has grown old,
 * all that follow, with whatever was in them, are dead and yet survive until the next full garbage
 * collection: a fifth of all that a query allocates, copied at each small one. The properties of an
 * object and the places of an array have no such chain.
 *
 * @module
 */

export interface Table<Id extends string | number, T> {
  readonly size: number
  get(id: Id): T | undefined
  has(id: Id): boolean
  set(id: Id, entry: T): void
  /** False when there was none. */
  delete(id: Id): boolean
  /** All of them as of now, in the order that they came in. */
  values(): T[]
  /** The same with gaps, and without a copy: nothing may come or go while it is looked through. */
  readonly entries: readonly (T | undefined)[]
}

/** Places that may be empty, on top of as many as are taken. */
const MAX_EMPTY = 32

/** Whether there are so many gaps that they are to be closed. */
export const isSparse = (entries: readonly unknown[], size: number): boolean =>
  entries.length > 2 * size + MAX_EMPTY

/** Moves up what is behind gaps. @param moved is told where an entry stands from now on */
export function closeGaps<Id, T>(
  ids: Id[],
  entries: (T | undefined)[],
  moved?: (id: Id, place: number) => void,
): void {
  let to = 0
  for (let from = 0; from < entries.length; from++) {
    const entry = entries[from]
    if (entry === undefined) continue
    const id = ids[from]!
    moved?.(id, to)
    ids[to] = id
    entries[to++] = entry
  }
  ids.length = entries.length = to
}

/** A copy without the gaps. */
export function withoutGaps<T>(entries: readonly (T | undefined)[]): T[] {
  const all: T[] = []
  for (const entry of entries) if (entry !== undefined) all.push(entry)
  return all
}

export function createTable<Id extends string | number, T extends NonNullable<unknown>>(): Table<
  Id,
  T
> {
  const places: Record<Id, number | undefined> = Object.create(null)
  const ids: Id[] = []
  const entries: (T | undefined)[] = []
  let size = 0

  const moved = (id: Id, place: number) => void (places[id] = place)

  return {
    entries,
    get size() {
      return size
    },
    get(id) {
      const place = places[id]
      return place === undefined ? undefined : entries[place]
    },
    has: (id) => places[id] !== undefined,
    set(id, entry) {
      const place = places[id]
      if (place !== undefined) {
        entries[place] = entry
        return
      }
      size++
      places[id] = entries.length
      ids.push(id)
      entries.push(entry)
    },
    delete(id) {
      const place = places[id]
      if (place === undefined) return false
      size--
      delete places[id]
      entries[place] = undefined
      if (isSparse(entries, size)) closeGaps(ids, entries, moved)
      return true
    },
    values: () => withoutGaps(entries),
  }
}
