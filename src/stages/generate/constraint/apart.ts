/**
 * Whether two options of `oneOf` can never both fit: by their types, their fixed values, or a
 * property that tells them apart.
 *
 * @module
 */
export type Schema = { readonly [keyword: string]: unknown }

/** @param follow leads from a reference to what it stands for */
export function areApart(a: unknown, b: unknown, follow: (schema: unknown) => unknown): boolean {
  const [one, other] = [follow(a), follow(b)]
  if (!isSchema(one) || !isSchema(other)) return false
  const [fixed, others] = [valuesOf(one), valuesOf(other)]
  if (fixed !== undefined && others !== undefined) return haveNone(fixed, others)
  const [types, further] = [typesOf(one), typesOf(other)]
  if (types !== undefined && further !== undefined && haveNone(types, further)) return true
  return requiredIn(one).some((name) => {
    if (!requiredIn(other).includes(name)) return false
    const [left, right] = [one, other].map((schema) => {
      const properties = schema['properties']
      const own = isSchema(properties) ? follow(properties[name]) : undefined
      return isSchema(own) ? valuesOf(own) : undefined
    })
    return left !== undefined && right !== undefined && haveNone(left, right)
  })
}

export const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const haveNone = (a: readonly string[], b: readonly string[]) => !a.some((one) => b.includes(one))

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
