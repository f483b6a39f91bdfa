import { thingCropsOf, thingLimits, widened } from '../thing_crops.ts'
import type { Json, JsonObject } from '../types.ts'
import { sameMeta } from './children.ts'
import { boxFault, cropsFault, sizeOf } from './crops.ts'
import { isObject } from './json.ts'
import { type Agreement, strangeField } from './kind.ts'

/** As `boxes.most` may be. */
const MOST_THINGS = 4096

/** Fields `{width, height, found}`: a list of things, or their number where they are child items. */
export const objectDetection: Agreement & Required<Pick<Agreement, 'cut'>> = {
  sameFields(a, b, tolerance) {
    if (a?.['width'] !== b?.['width'] || a?.['height'] !== b?.['height']) return false
    const [ours, theirs] = [a?.['found'], b?.['found']]
    if (!Array.isArray(ours) || !Array.isArray(theirs)) return ours === theirs
    return ours.length === theirs.length &&
      ours.every((one, i) => sameMeta(thingOf(one), thingOf(theirs[i]!), tolerance))
  },
  faultOf({ fields, children }, task) {
    const picture = sizeOf(fields)
    if (fields === null || picture === undefined) return 'a picture without a size'
    const strange = strangeField(fields, ['width', 'height', 'found'])
    if (strange !== undefined) return strange
    const list = Array.isArray(fields['found']) ? fields['found'].map(thingOf) : []
    if (list.length > MOST_THINGS) return 'more things than a task lists'
    for (const thing of list) {
      const fault = boxFault(thing['box'], picture)
      if (fault !== undefined) return `a thing ${fault}`
      const strange = strangeField(thing, ['kind', 'score', 'box']) ?? scoreFault(thing)
      if (strange !== undefined) return strange
    }
    for (const items of Object.values(children)) {
      const fault = cropsFault(
        ...[items, 'thing', ['kind', 'score'], objectDetection.cut, task, picture] as const,
      )
      if (fault !== undefined) return fault
      for (const { meta } of items) {
        const fault = scoreFault(meta)
        if (fault !== undefined) return fault
      }
    }
    return undefined
  },
  cut(box, task, picture) {
    const crop = thingCropsOf(task)
    const area = widened(box, crop.margin, picture)
    return { area, limits: thingLimits(area, crop) }
  },
}

/** A value that is no object has no box. */
const thingOf = (one: Json): JsonObject => isObject(one) ? one : {}

function scoreFault({ kind, score }: JsonObject): string | undefined {
  if (typeof kind !== 'string') return 'a thing without a name'
  return typeof score === 'number' && score >= 0 && score <= 1 ? undefined : 'a score that is none'
}
