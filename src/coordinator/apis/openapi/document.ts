/**
 * The OpenAPI 3.1 document, made of the operations and of the schemas that requests and answers are
 * checked against. Its schemas are JSON Schema 2020-12, as OpenAPI 3.1 has them.
 *
 * @module
 */
import { z } from 'zod'
import type { ErrorReason } from '../../../client/types.ts'
import { STATUS } from '../../core/api_error.ts'
import { roleFor } from '../../http/access/access.ts'
import { SCHEMAS } from './components.ts'
import { type Content, type Operation, TAGS } from './operation.ts'
import { OPERATIONS } from './operations.ts'

export type JsonObject = { [key: string]: unknown }

export function openApiDocument(version: string): JsonObject {
  const paths: Record<string, JsonObject> = {}
  for (const operation of OPERATIONS) {
    const item = paths[operation.path] ??= {}
    item[operation.method] = operationOf(operation)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Shoal',
      version,
      summary: 'One inference endpoint, with deadlines, from the devices around you',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: { schemas: jsonSchemas(), securitySchemes: { key: KEY } },
  }
}

function jsonSchemas(): JsonObject {
  const registry = z.registry<{ id: string }>()
  for (const [id, schema] of Object.entries(SCHEMAS)) registry.add(schema as z.ZodType, { id })
  const { schemas } = z.toJSONSchema(registry, {
    uri: (id) => `#/components/schemas/${id}`,
    io: 'input',
  })
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _, $id: __, ...schema }]) => [id, schema]),
  )
}

const KEY = {
  ...{ type: 'http', scheme: 'bearer' },
  description: "A key of the role that the call names, or an admin's. Where a role has no keys, " +
    'calls for it are taken from the machine of the coordinator and need none.',
}

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` })
const oneOf = (names: string | readonly string[]) =>
  typeof names === 'string' ? ref(names) : { oneOf: names.map(ref) }

const contentOf = (content: Content): JsonObject =>
  Object.fromEntries(
    Object.entries(content).map(([type, schema]) => [
      type,
      schema === null ? {} : { schema: oneOf(schema) },
    ]),
  )

function operationOf(operation: Operation): JsonObject {
  const {
    tag,
    summary,
    description,
    parameters = [],
    body,
    bodyIsOptional = false,
    content,
    headers,
  } = operation
  const { goesByKey, status = 200, answer, also = {} } = operation
  const role = roleFor(operation.path)
  const refusals: ErrorReason[] = role === undefined ? [] : ['unauthorized', 'forbidden']
  const errors = [...new Set<ErrorReason>([...operation.errors ?? [], ...refusals, 'rate_limited'])]
  const access = role === undefined
    ? description
    : `${description ?? ''} For role \`${role}\`.`.trim()
  const good = content === undefined ? {} : { content: contentOf(content) }
  const responses: Record<string, JsonObject> = {
    [status]: {
      description: answer,
      ...good,
      ...(headers === undefined ? {} : {
        headers: Object.fromEntries(
          Object.entries(headers).map(([name, description]) => [
            name,
            { description, schema: { type: 'string' } },
          ]),
        ),
      }),
    },
  }
  for (const [status, description] of Object.entries(also)) {
    responses[status] = { description, ...good }
  }
  for (const [status, description] of Object.entries(operation.without ?? {})) {
    responses[status] = { description }
  }
  for (const status of new Set(errors.map((reason) => STATUS[reason]))) {
    const reasons = errors.filter((reason) => STATUS[reason] === status)
    responses[status] = {
      description: `${reasons.map((reason) => `\`${reason}\``).join(', ')}.`,
      ...{ content: contentOf({ 'application/json': operation.faults ?? 'Error' }) },
      ...(status === 503 || status === 429 ? { headers: RETRY } : {}),
    }
  }
  return {
    ...{ operationId: idOf(operation), tags: [tag], summary },
    ...(access === undefined ? {} : { description: access }),
    security: role !== undefined ? [{ key: [] }] : goesByKey ? [{ key: [] }, {}] : [],
    ...(parameters.length === 0 ? {} : {
      parameters: parameters.map((one) => ({ ...one, required: one.in === 'path' })),
    }),
    ...(body === undefined ? {} : {
      requestBody: { required: !bodyIsOptional, content: contentOf(body) },
    }),
    responses,
  }
}

const RETRY = {
  'Retry-After': {
    description: 'Whole seconds; where a later try can succeed.',
    schema: { type: 'integer', minimum: 1 },
  },
}

/** The id of an operation, as `get_v1_nodes`, from its method and path. */
const idOf = ({ method, path }: Operation): string => method + path.replaceAll(/\W+/g, '_')
