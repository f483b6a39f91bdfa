/**
 * A JSON Schema as short text, much as TypeScript writes types.
 *
 * @module
 */
interface Schema {
  $ref?: string
  type?: string
  enum?: unknown[]
  const?: unknown
  anyOf?: Schema[]
  oneOf?: Schema[]
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: Schema | boolean
  description?: string
  minimum?: number
  maximum?: number
}

/** Names of other schemas begin with `@`. */
export function typeOf(schema: unknown, indent = ''): string {
  const { $ref, type, anyOf, oneOf, items, properties, ...rest } = (schema ?? {}) as Schema
  if ($ref !== undefined) return `@${$ref.split('/').at(-1)}`
  if (rest.enum !== undefined) return rest.enum.map((one) => JSON.stringify(one)).join(' | ')
  if (rest.const !== undefined) return JSON.stringify(rest.const)
  const choices = anyOf ?? oneOf
  if (choices !== undefined) return choices.map((one) => typeOf(one, indent)).join(' | ')
  if (type === 'array') {
    const item = typeOf(items, indent)
    return item.includes('|') ? `(${item})[]` : `${item}[]`
  }
  if (properties !== undefined) return objectOf({ ...rest, properties }, indent)
  if (type === 'object') {
    const values = rest.additionalProperties
    return `{ [name]: ${typeof values === 'object' ? typeOf(values, indent) : 'any'} }`
  }
  return `${type ?? 'any'}${rangeOf(rest)}`
}

function objectOf({ properties = {}, required = [] }: Schema, indent: string): string {
  const inner = `${indent}  `
  const lines = Object.entries(properties).map(([name, property]) => {
    const optional = required.includes(name) ? '' : '?'
    const note = property.description === undefined ? '' : `  // ${property.description}`
    return `${inner}${name}${optional}: ${typeOf(property, inner)}${note}\n`
  })
  return `{\n${lines.join('')}${indent}}`
}

/** Bounds, without those of all safe integers. */
function rangeOf({ minimum, maximum }: Schema): string {
  const least = minimum !== undefined && minimum > -Number.MAX_SAFE_INTEGER ? minimum : undefined
  const most = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined
  if (least === undefined && most === undefined) return ''
  return ` ${least ?? ''}..${most ?? ''}`
}
