/**
 * What a model's classes are called.
 *
 * @module
 */
import { z } from 'zod'

const schema = z.array(z.string().max(200)).min(1).max(65_536)

interface Fields {
  readonly [field: string]: unknown
}

/**
 * `labels` of a variant, or of its task.
 *
 * @throws TypeError where neither has a list of them
 */
export function labelsOf(task: Fields, variant: Fields): readonly string[] {
  const labels = variant['labels'] ?? task['labels']
  const parsed = schema.safeParse(labels)
  if (parsed.success) return parsed.data
  throw new TypeError(
    `Cannot use labels of a task: want a list of texts, received ${
      labels === undefined ? 'nothing' : JSON.stringify(labels).slice(0, 100)
    }`,
  )
}
