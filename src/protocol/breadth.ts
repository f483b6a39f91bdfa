/**
 * Whether a message is small enough for the schema to look at. Of each wrong entry of a record, and of
 * each wrong item of a list, it makes a fault of its own: of a million of them, a gigabyte.
 *
 * @module
 */
import { isShallow, MAX_BATCH_ITEMS, MAX_CHILDREN, MAX_NAME } from './messages.ts'

type Json = Record<string, unknown>

/**
 * Child items, tensors and their tasks of one message, in all; it has half as many blobs at most. What
 * has too long a name, or nests too deeply, counts as one.
 */
const MAX_ENTRIES = 16_384
/** Figures of one report: of as many variants as it may hold, for as many sizes as batches have. */
const MAX_POINTS = 8192

/** @param value out of `JSON.parse` */
export function isBrief(value: unknown): boolean {
  const { type, items, profile } = recordOf(value)
  if (type === 'report') return pointsIn(profile) <= MAX_POINTS
  // What else nodes say has no records, and no list that the schema does not measure first.
  if (type !== 'result' || !Array.isArray(items) || items.length > MAX_BATCH_ITEMS) return true
  let left = MAX_ENTRIES

  function mayBeRead(value: unknown): boolean {
    const record = recordOf(value)
    for (const name in record) {
      const isSound = name.length <= MAX_NAME && isShallow(record[name])
      if (!isSound && --left < 0) return false
    }
    return true
  }

  function hasFew(children: Json): boolean {
    for (const task in children) {
      const list = children[task]
      if (--left < 0) return false
      // One that is too long is one fault.
      if (!Array.isArray(list) || list.length > MAX_CHILDREN) continue
      left -= list.length
      if (left < 0 || !list.every((child) => mayBeRead(recordOf(child)['meta']))) return false
    }
    return true
  }

  return items.every((item) => {
    const { fields, tensors, children } = recordOf(item)
    for (const _ in recordOf(tensors)) if (--left < 0) return false
    return mayBeRead(fields) && hasFew(recordOf(children))
  })
}

function pointsIn(profile: unknown): number {
  if (!Array.isArray(profile)) return 0
  return profile.reduce((sum, variant) => {
    const { points } = recordOf(variant)
    return Array.isArray(points) ? sum + points.length : sum
  }, 0)
}

/** Empty for what is none: the schema says so. */
const recordOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Json : {}
