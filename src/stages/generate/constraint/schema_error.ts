/**
 * A schema that no answer can be kept to: where, and what to do.
 *
 * @module
 */
export class SchemaError extends Error {
  override name = 'SchemaError'
  constructor(
    /** In the schema, as `properties.total.pattern`; empty for the whole. */
    readonly path: string,
    readonly fault: string,
  ) {
    super(`Cannot keep to the schema: ${path === '' ? '' : `${path}: `}${fault}`)
  }
}
