/**
 * A table for entries that come and go by the thousand.
 *
 * V8's own `Map` and `Set` keep former entries alive: a map that many entries pass through moves to a new
 * store again and again, and each old store refers to the next. Once one store is in the old generation,
 * all later ones and their entries survive, though dead, until the next full garbage collection: a fifth of
 * a query's allocations, copied at each minor one. Properties of an object and elements of an array have no
 * such chain.
 *
 * @module
 */

/** Most empty places beyond the number of entries. */
const MAX_EMPTY = 32

/** Ids and entries in order of insertion, with gaps. */
export abstract class Table<Id extends string | number, T extends NonNullable<unknown>> {
  protected readonly ids: Id[] = []
  protected readonly entries: (T | undefined)[] = []
  size = 0

  abstract set(id: Id, entry: T): void
  /** Place of an entry; -1 if there is none. */
  protected abstract placeOf(id: Id): number
  /** An entry moved to a place, or was removed if `place` is undefined. */
  protected abstract moved(id: Id, place: number | undefined): void

  get(id: Id): T | undefined {
    const place = this.placeOf(id)
    return place < 0 ? undefined : this.entries[place]
  }

  has(id: Id): boolean {
    return this.placeOf(id) >= 0
  }

  /** Returns false if there was none. */
  delete(id: Id): boolean {
    const place = this.placeOf(id)
    if (place < 0) return false
    this.size--
    this.moved(id, undefined)
    this.entries[place] = undefined
    if (this.entries.length > 2 * this.size + MAX_EMPTY) this.closeGaps()
    return true
  }

  /** A copy of all entries in order of insertion. */
  values(): T[] {
    const all: T[] = []
    for (const entry of this.entries) if (entry !== undefined) all.push(entry)
    return all
  }

  protected push(id: Id, entry: T): void {
    this.size++
    this.moved(id, this.entries.length)
    this.ids.push(id)
    this.entries.push(entry)
  }

  /** Moves entries up to close gaps. */
  private closeGaps(): void {
    const { ids, entries } = this
    let to = 0
    for (let from = 0; from < entries.length; from++) {
      const entry = entries[from]
      if (entry === undefined) continue
      const id = ids[from]!
      this.moved(id, to)
      ids[to] = id
      entries[to++] = entry
    }
    ids.length = entries.length = to
  }
}

class HashTable<Id extends string | number, T extends NonNullable<unknown>> extends Table<Id, T> {
  private readonly places: Record<Id, number | undefined> = Object.create(null)

  set(id: Id, entry: T): void {
    const place = this.placeOf(id)
    if (place < 0) this.push(id, entry)
    else this.entries[place] = entry
  }

  protected placeOf(id: Id): number {
    return this.places[id] ?? -1
  }

  protected moved(id: Id, place: number | undefined): void {
    if (place === undefined) delete this.places[id]
    else this.places[id] = place
  }
}

/**
 * A table whose ids only rise, such as batch ids, so that entries are found by binary search: for few
 * entries that is quicker than object properties that are created and deleted all the time.
 */
class Series<T extends NonNullable<unknown>> extends Table<number, T> {
  set(id: number, entry: T): void {
    if (!(id > (this.ids[this.ids.length - 1] ?? -Infinity))) {
      throw new RangeError(`Cannot add ${id} to a series: its ids must rise`)
    }
    this.push(id, entry)
  }

  protected placeOf(id: number): number {
    const { ids, entries } = this
    let low = 0
    let high = ids.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (ids[middle]! < id) low = middle + 1
      else high = middle
    }
    return ids[low] === id && entries[low] !== undefined ? low : -1
  }

  protected moved(): void {}
}

export const createTable = <Id extends string | number, T extends NonNullable<unknown>>(): Table<
  Id,
  T
> => new HashTable<Id, T>()

/** @throws RangeError from `set` for an id that is not above all earlier ones */
export const createSeries = <T extends NonNullable<unknown>>(): Table<number, T> => new Series<T>()
