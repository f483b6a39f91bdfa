/**
 * The OpenAPI document as a page of Markdown.
 *
 * @module
 */
import type { JsonObject } from './document.ts'
import { typeOf } from './type_text.ts'

const entries = (of: unknown) => Object.entries((of ?? {}) as Record<string, JsonObject>)
const list = (of: unknown) => (of ?? []) as JsonObject[]

/** Answers of every call, which the head describes once. */
const OF_ALL = ['401', '429']

/** A cell of a table: text without characters that would end it. */
const cell = (text: unknown) => String(text ?? '').replaceAll('|', '\\|').replaceAll('\n', ' ')

/** A type by name; a type of several parts by the names of its parts. */
const short = (schema: unknown) => typeOf(schema).replaceAll('@', '').replaceAll(/\s+/g, ' ')

function contentOf(of: JsonObject): string {
  return entries(of['content']).map(([type, { schema }]) =>
    schema === undefined ? `\`${type}\`` : `\`${type}\`: \`${short(schema)}\``
  ).join(', ')
}

function callOf(path: string, method: string, operation: JsonObject): string {
  const { summary, description, parameters, requestBody, responses } = operation
  const rows = [
    ...list(parameters).map((one) => [
      `${one['in']} \`${one['name']}\``,
      `${one['description']} \`${short(one['schema'])}\``,
    ]),
    ...requestBody === undefined ? [] : [['body', contentOf(requestBody as JsonObject)]],
    ...entries(responses).filter(([status]) => !OF_ALL.includes(status)).map(([status, one]) => [
      status,
      `${one['description']} ${contentOf(one)}`.trim(),
    ]),
  ]
  return [
    `### \`${method.toUpperCase()} ${path}\``,
    `${summary}.${description === undefined ? '' : ` ${description}`}`,
    [
      '| part | what it is |',
      '| --- | --- |',
      ...rows.map((row) => `| ${row.map(cell).join(' | ')} |`),
    ]
      .join('\n'),
  ].join('\n\n')
}

/** @param document the document of {@linkcode openApiDocument} */
export function apiMarkdown(document: JsonObject): string {
  const calls = entries(document['paths']).flatMap(([path, item]) =>
    entries(item).map(([method, operation]) => ({ path, method, operation }))
  )
  const sections = list(document['tags']).map(({ name, description }) => {
    const of = calls.filter(({ operation }) => list(operation['tags'])[0] === name)
    return [
      `## ${String(name)[0]!.toUpperCase()}${String(name).slice(1)}`,
      description,
      ...of.map(({ path, method, operation }) => callOf(path, method, operation)),
    ].join('\n\n')
  })
  const schemas = entries((document['components'] as JsonObject)['schemas'])
    .map(([name, schema]) =>
      `### ${name}\n\n\`\`\`ts\n${typeOf(schema).replaceAll('@', '')}\n\`\`\``
    )
  return [
    '# API reference',
    'Every call, as `GET /openapi.json` describes them; `GET /docs` shows the same. Any call can answer ' +
    '401 `unauthorized` where keys are asked for, and 429 `rate_limited` with `Retry-After`.',
    ...sections,
    '## Schemas',
    ...schemas,
  ].join('\n\n') + '\n'
}
