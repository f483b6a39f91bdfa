import type { Json, StageItem } from '../types.ts'
import { areCrops, extentOf, sameChildren } from './children.ts'
import { isObject, numberOf } from './json.ts'
import type { Agreement } from './kind.ts'

/** As `boxes.most` may be. */
const MOST_THINGS = 4096

/** Fields `{width, height, found}`: a list of things, or their number where they are child items. */
export const objectDetection: Agreement = {
  sameFields(a, b, tolerance) {
    if (a?.['width'] !== b?.['width'] || a?.['height'] !== b?.['height']) return false
    const [ours, theirs] = [a?.['found'], b?.['found']]
    if (!Array.isArray(ours) || !Array.isArray(theirs)) {
      return Array.isArray(ours) === Array.isArray(theirs)
    }
    return sameChildren(itemsOf(ours), itemsOf(theirs), tolerance)
  },
  faultOf({ fields, children }) {
    const width = numberOf(fields?.['width'])
    const height = numberOf(fields?.['height'])
    if (!(width >= 1 && height >= 1)) return 'a picture without a size'
    if (!areCrops(children)) return 'a crop of no known format'
    const found = Array.isArray(fields?.['found']) ? itemsOf(fields['found']) : []
    if (found.length > MOST_THINGS) return 'more things than a task lists'
    for (const { meta } of [...found, ...Object.values(children).flat()]) {
      const extent = extentOf(meta['box'])
      if (extent === undefined) return 'a thing without a box'
      const [x, y] = extent as [number, number]
      if (x < 0 || y < 0 || x > width || y > height) return 'a thing outside the picture'
      const { score } = meta
      if (typeof score !== 'number' || score < 0 || score > 1) return 'a score that is none'
    }
    return undefined
  },
}

/** What is no thing at all has no box. */
const itemsOf = (list: readonly Json[]): StageItem[] =>
  list.map((one) => ({ meta: isObject(one) ? one : {}, bytes: new Uint8Array() }))
