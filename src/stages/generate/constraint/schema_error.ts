/**
 * A schema that no answer can be kept to: where, and what to do.
 *
 * @module
 */
/** Names in it are the client's. */
const MOST_SHOWN = 200

export class SchemaError extends Error {
  override name = 'SchemaError'
  constructor(
    /** In the schema, as `properties.total.pattern`; empty for the whole. */
    readonly path: string,
    readonly fault: string,
    readonly reason: 'invalid_input' | 'too_large' = 'invalid_input',
  ) {
    super(
      `Cannot keep to the schema: ${path === '' ? '' : `${path.slice(0, MOST_SHOWN)}: `}${fault}`,
    )
  }
}
