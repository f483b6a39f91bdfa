/**
 * Whether two options of `oneOf` can never both fit: by their types, their fixed values, or a
 * property that tells them apart.
 *
 * @module
 */
import { MOST_NESTING, MOST_WAYS } from './limits.ts'
import { follow } from './pointer.ts'
import { SchemaError } from './schema_error.ts'

export type Schema = { readonly [keyword: string]: unknown }

/** @throws SchemaError where two of the options may both fit */
export function checkApart(options: readonly unknown[], whole: unknown, path: string): void {
  if (options.length > MOST_WAYS) throw new SchemaError(path, `are more than ${MOST_WAYS}`)
  const meant = (schema: unknown): unknown => {
    let found = schema
    for (let steps = 0; isSchema(found) && typeof found['$ref'] === 'string'; steps++) {
      if (steps > MOST_NESTING) return undefined
      found = follow(whole, found['$ref'])
    }
    return found
  }
  options.forEach((a, i) => {
    const j = options.findIndex((b, j) => j > i && !areApart(a, b, meant))
    if (j < 0) return
    throw new SchemaError(
      path,
      `is kept to where one option at most can fit, and ${i} and ${j} may both: say anyOf`,
    )
  })
}

/** @param meant leads from a reference to what it stands for */
function areApart(a: unknown, b: unknown, meant: (schema: unknown) => unknown): boolean {
  const [one, other] = [meant(a), meant(b)]
  if (!isSchema(one) || !isSchema(other)) return false
  const [fixed, others] = [valuesOf(one), valuesOf(other)]
  if (fixed !== undefined && others !== undefined) return haveNone(fixed, others)
  const [types, further] = [typesOf(one), typesOf(other)]
  if (types !== undefined && further !== undefined && haveNone(types, further)) return true
  return requiredIn(one).some((name) => {
    if (!requiredIn(other).includes(name)) return false
    const [left, right] = [one, other].map((schema) => {
      const properties = schema['properties']
      const own = isSchema(properties) ? meant(properties[name]) : undefined
      return isSchema(own) ? valuesOf(own) : undefined
    })
    return left !== undefined && right !== undefined && haveNone(left, right)
  })
}

export const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function haveNone(a: readonly string[], b: readonly string[]): boolean {
  const others = new Set(b)
  return !a.some((one) => others.has(one))
}

function valuesOf(schema: Schema): string[] | undefined {
  if (Object.hasOwn(schema, 'const')) return [JSON.stringify(schema['const'])]
  const values = schema['enum']
  return Array.isArray(values) ? values.map((one) => JSON.stringify(one)) : undefined
}

function typesOf(schema: Schema): string[] | undefined {
  const fixed = valuesOf(schema)
  if (fixed !== undefined) return [...new Set(fixed.map((one) => typeOf(JSON.parse(one))))]
  const { type, nullable } = schema
  const types = typeof type === 'string'
    ? [type]
    : Array.isArray(type)
    ? type.map(String)
    : undefined
  if (types === undefined) return undefined
  // A whole number is a number, too.
  const plain = types.map((one) => one === 'integer' ? 'number' : one)
  return nullable === true ? [...plain, 'null'] : plain
}

/** As a schema calls it. */
export const typeOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value

const requiredIn = ({ required, type }: Schema): string[] =>
  type === 'object' && Array.isArray(required) ? required.map(String) : []
