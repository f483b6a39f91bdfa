/**
 * How small and how large a number may be.
 *
 * @module
 */
import type { Schema } from './apart.ts'
import { at } from './keywords.ts'
import { LARGEST } from './numbers.ts'
import { SchemaError } from './schema_error.ts'

const LOWER = ['minimum', 'exclusiveMinimum'] as const
const UPPER = ['maximum', 'exclusiveMaximum'] as const

function limit(schema: Schema, name: string, path: string): number | undefined {
  if (!Object.hasOwn(schema, name)) return undefined
  const value = schema[name]
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw new SchemaError(at(path, name), 'must be a number')
}

/** Whole numbers between both, of no more digits than are said at all. */
export function integersOf(schema: Schema, path: string): { min: number; max: number } {
  const [low, above] = LOWER.map((name) => limit(schema, name, path) ?? -Infinity) as [
    number,
    number,
  ]
  const [high, below] = UPPER.map((name) => limit(schema, name, path) ?? Infinity) as [
    number,
    number,
  ]
  const min = Math.max(Math.ceil(low), Math.floor(above) + 1, -LARGEST)
  const max = Math.min(Math.floor(high), Math.ceil(below) - 1, LARGEST)
  if (min <= max) return { min, max }
  throw new SchemaError(path, `lets no whole number of up to ${String(LARGEST).length} digits be`)
}

/** @throws SchemaError for limits other than 0, which numbers with a point are not held to */
export function mayBeBelow0(schema: Schema, path: string): boolean {
  for (const name of [...LOWER, ...UPPER]) {
    const value = limit(schema, name, path)
    if (value === undefined || name === 'minimum' && value === 0) continue
    throw new SchemaError(
      at(path, name),
      'is kept to for integers, and for numbers as minimum 0 only: leave it out, or say integer',
    )
  }
  return schema['minimum'] !== 0
}
