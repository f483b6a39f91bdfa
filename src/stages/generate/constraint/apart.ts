/**
 * Whether two options of `oneOf` can never both fit: by their types, their fixed values, or a
 * property that tells them apart.
 *
 * @module
 */
import { MOST_NESTING, MOST_WAYS } from './limits.ts'
import { follow } from './pointer.ts'
import { SchemaError } from './schema_error.ts'
import type { Spend } from './work.ts'

export type Schema = { readonly [keyword: string]: unknown }

/** What tells an option from others. */
interface Marks {
  /** All values that fit, as JSON. */
  values: ReadonlySet<string> | undefined
  types: ReadonlySet<string> | undefined
  /** The allowed values of each required property that lists them. */
  properties: ReadonlyMap<string, ReadonlySet<string>>
}

/** @throws SchemaError where two of the options may both fit, or what `spend` throws */
export function checkApart(
  options: readonly unknown[],
  whole: unknown,
  path: string,
  spend: Spend,
): void {
  if (options.length > MOST_WAYS) throw new SchemaError(path, `are more than ${MOST_WAYS}`)
  const marks = options.map((option) => marksOf(option, whole, spend))
  marks.forEach((a, i) => {
    const j = marks.findIndex((b, j) => j > i && !areApart(a, b, spend))
    if (j < 0) return
    throw new SchemaError(
      path,
      `is kept to where one option at most can fit, and ${i} and ${j} may both: say anyOf`,
    )
  })
}

function areApart(a: Marks | undefined, b: Marks | undefined, spend: Spend): boolean {
  if (a === undefined || b === undefined) return false
  if (a.values !== undefined && b.values !== undefined) return shareNone(a.values, b.values, spend)
  if (a.types !== undefined && b.types !== undefined && shareNone(a.types, b.types, spend)) {
    return true
  }
  spend(a.properties.size)
  return [...a.properties].some(([name, values]) => {
    const others = b.properties.get(name)
    return others !== undefined && shareNone(values, others, spend)
  })
}

function shareNone(a: ReadonlySet<string>, b: ReadonlySet<string>, spend: Spend): boolean {
  const [less, more] = a.size < b.size ? [a, b] : [b, a]
  spend(less.size)
  return ![...less].some((one) => more.has(one))
}

/** Undefined if the option is no schema of keywords. */
function marksOf(option: unknown, whole: unknown, spend: Spend): Marks | undefined {
  const own = meant(option, whole, spend)
  if (!isSchema(own)) return undefined
  const found = new Map<string, ReadonlySet<string>>()
  for (const name of requiredIn(own)) {
    spend(1)
    const of = own['properties']
    const property = isSchema(of) ? meant(of[name], whole, spend) : undefined
    const values = isSchema(property) ? valuesOf(property, spend) : undefined
    if (values !== undefined) found.set(name, values)
  }
  return { values: valuesOf(own, spend), types: typesOf(own), properties: found }
}

/** Leads from a reference to what it stands for. */
function meant(schema: unknown, whole: unknown, spend: Spend): unknown {
  let found = schema
  for (let steps = 0; isSchema(found) && typeof found['$ref'] === 'string'; steps++) {
    if (steps > MOST_NESTING) return undefined
    spend(found['$ref'].length)
    found = follow(whole, found['$ref'])
  }
  return found
}

export const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function valuesOf(schema: Schema, spend: Spend): Set<string> | undefined {
  const values = fixedIn(schema)?.map((one) => JSON.stringify(one))
  if (values === undefined) return undefined
  for (const { length } of values) spend(length)
  return new Set(values)
}

function fixedIn(schema: Schema): readonly unknown[] | undefined {
  if (Object.hasOwn(schema, 'const')) return [schema['const']]
  return Array.isArray(schema['enum']) ? schema['enum'] : undefined
}

function typesOf(schema: Schema): Set<string> | undefined {
  const fixed = fixedIn(schema)
  if (fixed !== undefined) return new Set(fixed.map(typeOf))
  const { type, nullable } = schema
  const types = typeof type === 'string'
    ? [type]
    : Array.isArray(type)
    ? type.map(String)
    : undefined
  if (types === undefined) return undefined
  // A whole number is a number, too.
  const plain = types.map((one) => one === 'integer' ? 'number' : one)
  return new Set(nullable === true ? [...plain, 'null'] : plain)
}

/** As a schema calls it. */
export const typeOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value

const requiredIn = ({ required, type }: Schema): string[] =>
  type === 'object' && Array.isArray(required) ? required.map(String) : []
