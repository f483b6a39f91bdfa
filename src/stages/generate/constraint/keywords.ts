/**
 * The keywords of a schema: those that restrict values, by type, and those that are ignored.
 *
 * @module
 */
import { isSchema, type Schema } from './apart.ts'
import { MOST_COUNT } from './limits.ts'
import { SchemaError } from './schema_error.ts'

/** What only tells people, or names what others refer to. */
const TOLD = [
  ...['title', 'description', 'default', 'examples', 'example', 'format', 'deprecated'],
  ...['$schema', '$id', '$comment', '$defs', 'definitions', 'readOnly', 'writeOnly'],
  'discriminator',
]
export const OF_TYPE: { readonly [type: string]: readonly string[] } = {
  object: ['properties', 'required', 'additionalProperties'],
  array: ['items', 'prefixItems', 'minItems', 'maxItems'],
  string: ['minLength', 'maxLength', 'pattern'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
  integer: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
  boolean: [],
  null: [],
}
export const TYPES = Object.keys(OF_TYPE)
/** Each says all that a schema says. */
const WHOLE = ['$ref', 'anyOf', 'oneOf', 'allOf', 'enum', 'const']
const KNOWN = new Set(['type', 'nullable', ...WHOLE, ...Object.values(OF_TYPE).flat()])

export const at = (path: string, step: string | number): string =>
  path === '' ? String(step) : `${path}.${step}`

/** Keywords that say something. @throws SchemaError for one that is not kept to */
export function keywordsOf(schema: Schema, path: string): string[] {
  const said = Object.keys(schema).filter((name) => !TOLD.includes(name) && !name.startsWith('x-'))
  const strange = said.find((name) => !KNOWN.has(name))
  if (strange !== undefined) {
    throw new SchemaError(at(path, strange.slice(0, 60)), 'is not kept to: leave it out')
  }
  return said.filter((name) => name !== 'nullable')
}

/** The keyword that says it all, where there is one. @throws SchemaError where others are beside it */
export function wholeOf(said: readonly string[], path: string): string | undefined {
  const whole = said.find((name) => WHOLE.includes(name))
  if (whole === undefined) return undefined
  const takesType = whole === 'enum' || whole === 'const'
  const beside = said.find((name) => name !== whole && !(takesType && name === 'type'))
  if (beside === undefined) return whole
  throw new SchemaError(at(path, whole), `cannot stand beside ${beside}: have all in one of them`)
}

/** @throws SchemaError where a keyword belongs to no type that the schema may be of */
export function typesOf(schema: Schema, said: readonly string[], path: string): string[] {
  const { type } = schema
  const listed = Array.isArray(type) ? type : type === undefined ? guessed(said, path) : [type]
  const types = [...new Set(listed as unknown[])].map((one) => {
    if (typeof one === 'string' && TYPES.includes(one)) return one
    throw new SchemaError(at(path, 'type'), `must be one of ${TYPES.join(', ')}, or a list of them`)
  })
  if (types.length === 0) throw new SchemaError(at(path, 'type'), 'must name one at least')
  const fits = (name: string) => types.some((one) => OF_TYPE[one]!.includes(name))
  const stray = said.find((name) => name !== 'type' && !fits(name))
  if (stray !== undefined) {
    throw new SchemaError(at(path, stray), `says nothing of type ${types.join(', ')}`)
  }
  return types
}

/** Without a type, keywords of one type say which is meant. */
function guessed(said: readonly string[], path: string): string[] {
  const types = TYPES.filter((type) =>
    type !== 'integer' && OF_TYPE[type]!.some((name) => said.includes(name))
  )
  if (types.length <= 1) return types
  throw new SchemaError(path, `has keywords of ${types.join(' and ')}, and no type: say which`)
}

/** @throws SchemaError where it is no whole number from 0 on, or a large one */
export function countOf(schema: Schema, name: string, path: string, usual: number): number {
  if (!Object.hasOwn(schema, name)) return usual
  const value = schema[name]
  if (Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MOST_COUNT) {
    return Number(value)
  }
  throw new SchemaError(at(path, name), `must be a whole number from 0 to ${MOST_COUNT}`)
}

/** @throws SchemaError where it is no schema of keywords */
export function schemaAt(value: unknown, path: string): Schema {
  if (isSchema(value)) return value
  throw new SchemaError(path, 'must be a schema: an object')
}
