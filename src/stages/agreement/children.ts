/**
 * Whether two nodes handed on the same child items, in the same order.
 *
 * @module
 */
import type { JsonObject, StageItem } from '../types.ts'
import { isCrop, type Look, type Pair, rectangleOf, samePictures } from './crops.ts'
import { sameJson } from './json.ts'
import type { Agreement, Size, TaskFields } from './kind.ts'
import { isSame, sameTensors } from './tensors.ts'
import type { Tolerance } from './tolerance.ts'

export interface Comparing {
  task: TaskFields
  /** As both found it; undefined for items that are not cut out of one. */
  picture: Size | undefined
  kind: Pick<Agreement, 'cut' | 'passesOn'>
  tolerance: Tolerance
  look: Look
}

/** How a crop travels is the link's business, and its size goes with its box. */
const plain = ({ format: _f, width: _w, height: _h, ...rest }: JsonObject) => rest

/** What both say of an item. */
export function sameMeta(a: JsonObject, b: JsonObject, tolerance: Tolerance): boolean {
  // A name, which another that is spelt nearly alike is not.
  return a['kind'] === b['kind'] && sameJson(a, b, tolerance)
}

export function sameChildren(
  ours: readonly StageItem[],
  theirs: readonly StageItem[],
  { task, picture, kind: { cut, passesOn = false }, tolerance, look }: Comparing,
): boolean {
  if (ours.length !== theirs.length) return false
  const apart: Pair[] = []
  for (const [i, a] of ours.entries()) {
    const b = theirs[i]!
    const bothCrops = isCrop(a) && isCrop(b) && !passesOn
    const [said, other] = bothCrops ? [plain(a.meta), plain(b.meta)] : [a.meta, b.meta]
    if (!sameMeta(said, other, tolerance)) return false
    if (Array.isArray(a.meta['tensors'])) {
      if (!sameTensors(a, b, tolerance)) return false
    } else if (a.meta['format'] !== b.meta['format'] || !isSame(a.bytes, b.bytes)) {
      if (!bothCrops) return false
      const [mine, its] = [rectangleOf(a.meta['box']), rectangleOf(b.meta['box'])]
      const areas = mine === undefined || its === undefined || picture === undefined
        ? undefined
        : [mine, its].map((box) => cut?.(box, task, picture).area ?? box) as Pair['areas']
      apart.push({ items: [a, b], areas })
    }
  }
  return samePictures(apart, look)
}
