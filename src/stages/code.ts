/**
 * Kind `code`: a task that a program of the pipeline's author does, on nodes that opted in to such.
 *
 * @module
 */
import { firstFault } from '../pipeline/error.ts'
import { takesSchema } from '../pipeline/takes.ts'
import type { Stage } from './types.ts'

/** Stands in the list of kinds; what runs is loaded with the variant. */
export const code: Stage = {
  run: () => Promise.reject(new TypeError('Cannot run a task of kind code: its code is not here')),
  warmUp: () => [],
  check({ task, fail }) {
    const takes = takesSchema.optional().safeParse(task['takes'])
    if (takes.success) return
    const { path, fault } = firstFault(takes.error)
    fail(['takes', path].filter(Boolean).join('.'), fault)
  },
}
