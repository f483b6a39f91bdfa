/**
 * What follows from a pipeline file alone, worked out once for each variant and not for each batch.
 *
 * @module
 */
import type { StageContext } from './types.ts'

export type Given = Pick<StageContext, 'task' | 'variant' | 'next'>

/** @param work its result depends on these three alone, and is read only */
export function oncePerVariant<T>(work: (given: Given) => T): (given: Given) => T {
  const known = new WeakMap<Given['variant'], { given: Given; result: T }>()
  return ({ task, variant, next }) => {
    const found = known.get(variant)
    if (found !== undefined && found.given.task === task && found.given.next === next) {
      return found.result
    }
    const given = { task, variant, next }
    const result = work(given)
    known.set(variant, { given, result })
    return result
  }
}
