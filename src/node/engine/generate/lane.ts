/**
 * The pasts of the rows of a run, side by side as the graph takes them: `[rows, heads, past, size]` for
 * the keys and for the values of each layer.
 *
 * A lane remembers what it holds. A row that was in the run before costs the copy of its new tokens, as
 * long as the others fit the same length.
 *
 * @module
 */
import { type DecoderShape, pastNames } from '../../../pipeline/decoder_shape.ts'
import { emptyData } from '../../../pipeline/tensor.ts'
import type { Tensor, TensorData } from '../../../stages/types.ts'
import { BLOCK, type Kv } from './cache.ts'
import { type Source, sourceOf } from './elements.ts'

export interface Arranged {
  /** For each place of the run, which of the rows given it holds; -1 for a place that is filled up. */
  places: readonly number[]
  feeds: { [name: string]: Tensor }
}

export interface Lane {
  readonly bytes: number
  /** @param size places of the run, at least as many as rows */
  arrange(rows: readonly Kv[], past: number, size: number): Arranged
}

export function createLane(shape: DecoderShape): Lane {
  const { kvHeads, headDim, kv } = shape
  const names = Array.from({ length: shape.layers }, (_, layer) => pastNames(layer)).flat()
  let arrays: TensorData[] = []
  let elements: Source[] = []
  let past = 0
  let held: (Kv | undefined)[] = []
  /** Tokens of each place that lie here. */
  const lengths: number[] = []
  let feeds: Arranged['feeds'] = {}
  let size = -1

  function makeRoom(rows: number): void {
    // A past that grows token by token finds room for a while.
    const wanted = rows * kvHeads * Math.ceil(past / BLOCK) * BLOCK * headDim
    if (elements.length > 0 && elements[0]!.length >= wanted) return
    arrays = names.map(() => emptyData(kv, wanted))
    elements = arrays.map(sourceOf)
    held = []
  }

  function shapeFor(newPast: number, rows: number): void {
    if (newPast === past && rows === size) return
    if (newPast !== past) held = []
    past = newPast
    size = rows
    makeRoom(rows)
    const dims = [rows, kvHeads, past, headDim]
    const length = rows * kvHeads * past * headDim
    feeds = Object.fromEntries(
      names.map((name, i) => [name, { type: kv, dims, data: arrays[i]!.subarray(0, length) }]),
    )
  }

  /** Each row where it was, if it was; the others where there is room. */
  function placesFor(rows: readonly Kv[]): number[] {
    const places = new Array<number>(size).fill(-1)
    const others: number[] = []
    rows.forEach((row, i) => {
      const place = held.indexOf(row)
      if (place === -1 || place >= size) others.push(i)
      else places[place] = i
    })
    let place = 0
    for (const i of others) {
      while (places[place] !== -1) place++
      places[place] = i
    }
    return places
  }

  return {
    get bytes() {
      return elements.reduce((sum, { byteLength }) => sum + byteLength, 0)
    },
    arrange(rows, newPast, newSize) {
      shapeFor(newPast, newSize)
      const places = placesFor(rows)
      for (let place = 0; place < size; place++) {
        const row = rows[places[place]!]
        if (row === undefined) continue
        if (held[place] !== row) lengths[place] = 0
        held[place] = row
        const from = lengths[place]!
        if (row.length > from) {
          for (let part = 0; part < names.length; part++) {
            row.take(part, from, row.length, elements[part]!, place * kvHeads * past + from, past)
          }
        }
        lengths[place] = row.length
      }
      return { places, feeds }
    },
  }
}
