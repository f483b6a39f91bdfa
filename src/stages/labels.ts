/**
 * The names of a model's classes.
 *
 * @module
 */
import { z } from 'zod'
import { readField } from './options.ts'

const schema = z.array(z.string().max(200), { error: 'must be a list of texts' })
  .min(1, { error: 'must be one at least' })
  .max(65_536, { error: 'must be 65,536 at most' })

interface Fields {
  readonly [field: string]: unknown
}

/**
 * `labels` of a variant, or of its task.
 *
 * @throws TypeError where neither has a list of them
 */
export const labelsOf = (task: Fields, variant: Fields): readonly string[] =>
  readField(schema, 'labels', 'a task', variant['labels'] ?? task['labels'])
