/**
 * The characters that a recogniser of lines reads.
 *
 * @module
 */
import { z } from 'zod'
import { firstFault } from '../pipeline/error.ts'
import { readField } from './options.ts'
import type { CheckContext } from './types.ts'

/** Printable ASCII, the space first: the alphabet of a task that names none. */
const ASCII = String.fromCharCode(...Array.from({ length: 95 }, (_, i) => 0x20 + i))

const schema = z.string({ error: 'must be a text of all characters that the models read' })
  .min(1, { error: 'must have one character at least' })
  .refine((text) => repeatedIn(text) === undefined, {
    error: ({ input }) => `has ${JSON.stringify(repeatedIn(String(input)))} more than once`,
  })

interface Fields {
  readonly [field: string]: unknown
}

const given = (task: Fields): unknown => task['alphabet'] ?? ASCII

/**
 * The characters of a task's `alphabet`, code points in the order of the models' classes: class `k > 0`
 * is the `k`-th of them, class 0 the blank.
 *
 * @throws TypeError where it is no text, empty, or has a character twice
 */
export const alphabetOf = (task: Fields): readonly string[] => [
  ...readField(schema, 'alphabet', 'a task', given(task)),
]

/** As {@linkcode alphabetOf}, when a file is checked. */
export function checkAlphabet({ task, fail }: CheckContext): readonly string[] {
  const parsed = schema.safeParse(given(task))
  return parsed.success ? [...parsed.data] : fail('alphabet', firstFault(parsed.error).fault)
}

function repeatedIn(text: string): string | undefined {
  const seen = new Set<string>()
  return [...text].find((character) => seen.size === seen.add(character).size)
}
