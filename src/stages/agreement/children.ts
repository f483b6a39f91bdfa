/**
 * Whether two nodes handed on the same child items.
 *
 * @module
 */
import type { Json, JsonObject, StageItem } from '../types.ts'
import { near, numberOf, sameJson } from './json.ts'
import { sameTensors } from './tensors.ts'
import type { Tolerance } from './tolerance.ts'

/** Files of one picture differ by so much of their length when they were encoded apart. */
const FILE_SHARE = 0.3
const SAMPLES = 512

/** As the stages of this build cut them: of any other format nothing could be compared. */
export const areCrops = (children: { readonly [task: string]: readonly StageItem[] }): boolean =>
  Object.values(children).flat().every(({ meta: { format } }) =>
    format === 'rgb' || format === 'jpeg'
  )

/** Pixels of two crops, or what can be told of two files without decoding them. */
export function samePicture(a: StageItem, b: StageItem, tolerance: Tolerance): boolean {
  const [ours, theirs] = [a.meta['format'], b.meta['format']]
  if (ours !== theirs) return true
  if (ours !== 'rgb') {
    return Math.abs(a.bytes.length - b.bytes.length) <=
      FILE_SHARE * Math.max(a.bytes.length, b.bytes.length)
  }
  const [w, h] = sizeOf(a.meta)
  const [v, k] = sizeOf(b.meta)
  if (w * h * 3 !== a.bytes.length || v * k * 3 !== b.bytes.length) return false
  // Crops of one line may differ by a pixel or two a side: looked at where they cover each other.
  let sum = 0
  for (let i = 0; i < SAMPLES; i++) {
    const x = ((i * 73) % SAMPLES + 0.5) / SAMPLES
    const y = (i + 0.5) / SAMPLES
    const at = (width: number, height: number) =>
      3 * (Math.floor(y * height) * width + Math.floor(x * width))
    for (let c = 0; c < 3; c++) sum += Math.abs(a.bytes[at(w, h) + c]! - b.bytes[at(v, k) + c]!)
  }
  const sameSize = w === v && h === k
  return sum / (3 * SAMPLES) <= tolerance.shade * (sameSize ? 1 : 4)
}

const sizeOf = ({ width, height }: JsonObject): [number, number] => [
  Math.max(1, numberOf(width) || 1),
  Math.max(1, numberOf(height) || 1),
]

/** Of a box. */
const MOST_CORNERS = 64

/** Centre and size of a box given by its corners; undefined for anything else. */
export function extentOf(box: Json | undefined): number[] | undefined {
  if (!Array.isArray(box) || box.length < 2 || box.length > MOST_CORNERS) return undefined
  const points = box as Json[][]
  if (!points.every((p) => Array.isArray(p) && p.length === 2 && p.every(Number.isFinite))) {
    return undefined
  }
  const xs = points.map((p) => Number(p[0]))
  const ys = points.map((p) => Number(p[1]))
  const [left, right] = [Math.min(...xs), Math.max(...xs)]
  const [top, bottom] = [Math.min(...ys), Math.max(...ys)]
  return [(left + right) / 2, (top + bottom) / 2, right - left, bottom - top]
}

/** An item, and where its parent says that it is, worked out once. */
interface Placed {
  item: StageItem
  extent: number[] | undefined
}

const placedOf = (item: StageItem): Placed => ({ item, extent: extentOf(item.meta['box']) })

/** Where something was found may differ by a little. */
function atSamePlace({ extent: a }: Placed, { extent: b }: Placed, tolerance: Tolerance): boolean {
  if (a === undefined || b === undefined) return a === b
  for (let i = 0; i < a.length; i++) {
    if (!near(a[i]!, b[i]!, tolerance, tolerance.pixels)) return false
  }
  return true
}

/** How an item travels is the link's business. */
function sameMeta(a: JsonObject, b: JsonObject, tolerance: Tolerance): boolean {
  const plain = ({ format: _f, width: _w, height: _h, box: _b, ...rest }: JsonObject) => rest
  // A name, which another that is spelt nearly alike is not.
  if (typeof a['kind'] === 'string' && a['kind'] !== b['kind']) return false
  return sameJson(plain(a), plain(b), tolerance)
}

const sameItem = (a: StageItem, b: StageItem, tolerance: Tolerance) =>
  sameMeta(a.meta, b.meta, tolerance) &&
  (Array.isArray(a.meta['tensors']) ? sameTensors(a, b, tolerance) : samePicture(a, b, tolerance))

/** So many at one place are looked at for one: all with all, thousands would take minutes. */
const MOST_AT_PLACE = 16

/** The first that is the same, from `from` on and round; -1 where there is none. */
function findSame(
  one: Placed,
  among: readonly Placed[],
  from: number,
  tolerance: Tolerance,
): number {
  let looked = 0
  for (let k = 0; k < among.length && looked < MOST_AT_PLACE; k++) {
    const at = (from + k) % among.length
    if (!atSamePlace(one, among[at]!, tolerance)) continue
    looked++
    if (sameItem(one.item, among[at]!.item, tolerance)) return at
  }
  return -1
}

/** In order, or, where the backends differ, each found among the others with few left over. */
export function sameChildren(
  a: readonly StageItem[],
  b: readonly StageItem[],
  tolerance: Tolerance,
): boolean {
  const ours = a.map(placedOf)
  const left = b.map(placedOf)
  const inOrder = (one: Placed, i: number) =>
    atSamePlace(one, left[i]!, tolerance) && sameItem(one.item, left[i]!.item, tolerance)
  if (a.length === b.length && ours.every(inOrder)) return true
  const most = tolerance.odd * (a.length + b.length)
  let unmatched = 0
  let from = 0
  for (const one of ours) {
    const at = findSame(one, left, from, tolerance)
    if (at >= 0) {
      left.splice(at, 1)
      from = at
    } else if (++unmatched > most) return false
  }
  return unmatched + left.length <= most
}
