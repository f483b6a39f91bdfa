/**
 * Which items of a task go to which child task, by what they were found to be.
 *
 * @module
 */
import { z } from 'zod'

const schema = z.record(z.string(), z.array(z.string()))

interface Fields {
  readonly [field: string]: unknown
}

/**
 * Reads `hand: {CHILD: [label]}` of a task.
 *
 * @returns whether an item of that label goes to that child; all to all where `hand` is absent
 * @throws TypeError where `hand` names no child or no label
 */
export function handingOf(
  task: Fields,
  next: readonly string[],
  labels: readonly string[],
): (child: string, label: string) => boolean {
  if (task['hand'] === undefined) return () => true
  const parsed = schema.safeParse(task['hand'])
  if (!parsed.success) {
    throw new TypeError('Cannot use hand of a task: it must be {child task: [label]}')
  }
  for (const [child, wanted] of Object.entries(parsed.data)) {
    if (!next.includes(child)) {
      throw new TypeError(`Cannot use hand of a task: ${child} is not among next`)
    }
    const strange = wanted.find((label) => !labels.includes(label))
    if (strange !== undefined) {
      throw new TypeError(`Cannot use hand.${child} of a task: ${strange} is not among its labels`)
    }
  }
  const handed = parsed.data
  return (child, label) => !Object.hasOwn(handed, child) || handed[child]!.includes(label)
}
