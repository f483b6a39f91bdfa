/**
 * From a JSON schema to what keeps answers to it, token by token.
 *
 * The JSON is compact: no blanks, properties in the schema's order.
 *
 * @module
 */
import type { Constraint, Tokenizer } from '../types.ts'
import { createMachine, type State } from './machine.ts'
import { readSchema } from './read.ts'
import { SchemaError } from './schema_error.ts'
import { trieOf } from './trie.ts'
import { createMasks } from './walk.ts'

export { SchemaError }

/** @throws SchemaError with the place in the schema and what to do */
export function checkSchema(schema: unknown): void {
  readSchema(schema)
}

/** The same as plain data, which can leave a worker; nothing where the schema can be kept to. */
export function schemaFault(json: string): Pick<SchemaError, 'reason' | 'message'> | undefined {
  try {
    checkSchema(JSON.parse(json))
    return undefined
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error
    const { reason, message } = error
    return { reason, message }
  }
}

/**
 * @returns makes the state of one sequence
 * @throws SchemaError
 */
export function compileSchema(schema: unknown, tokenizer: Tokenizer): () => Constraint {
  const { root, literalBytes } = readSchema(schema)
  checkVocabulary(tokenizer, literalBytes)
  const machine = createMachine(root)
  const masks = createMasks(machine, tokenizer)
  const ends = new Set(tokenizer.ends)

  return () => {
    let state: State = machine.start
    let isEnded = false
    const onlyEnds = () => {
      const mask = new Uint8Array(tokenizer.size)
      for (const end of ends) mask[end] = 1
      return mask
    }
    return {
      mask: () => isEnded ? onlyEnds() : masks.of(state),
      forced: () => isEnded ? -1 : masks.forced(state),
      accept(id) {
        if (isEnded) throw new RangeError(`Cannot take token ${id}: the answer has ended`)
        if (ends.has(id)) {
          if (!state.isWhole) throw new RangeError(`Cannot end the answer: its JSON is not whole`)
          isEnded = true
          return
        }
        const bytes = tokenizer.bytesOf(id)
        let next: State | null = bytes.length === 0 ? null : state
        for (const byte of bytes) next = next && machine.next(next, byte)
        if (next === null) {
          throw new RangeError(`Cannot take token ${id}: the schema has no place for it`)
        }
        state = next
      },
      get isOver() {
        return isEnded || machine.isOver(state)
      },
    }
  }
}

/** Each byte that may come needs a token, for places where no longer token fits. */
function checkVocabulary(tokenizer: Tokenizer, literalBytes: ReadonlySet<number>): void {
  const { single } = trieOf(tokenizer)
  const ascii = Array.from({ length: 0x7f - 0x20 }, (_, i) => 0x20 + i)
  const missing = [...ascii, ...literalBytes].find((byte) => !single.has(byte))
  if (missing === undefined) return
  throw new SchemaError(
    '',
    `the model's vocabulary has no token for ${
      missing < 0x80
        ? `the letter ${JSON.stringify(String.fromCharCode(missing))}`
        : `byte ${missing}`
    } alone, and could not write every answer: use another model, or no schema`,
  )
}
