/**
 * One call of the HTTP API as the document describes it, and the parts of calls.
 *
 * @module
 */
import type { ErrorReason } from '../../../client/types.ts'
import type { SchemaName } from './components.ts'

/** By media type: the name of a schema, or of several, or null for bytes or text. */
export type Content = Record<string, SchemaName | readonly SchemaName[] | null>

export interface Parameter {
  name: string
  in: 'path' | 'header' | 'query'
  description: string
  schema: Record<string, unknown>
}

export interface Operation {
  method: 'get' | 'post' | 'delete'
  path: string
  tag: Tag
  summary: string
  description?: string
  parameters?: Parameter[]
  /** Whether the call is open to all, but its answer depends on the key of the call. */
  goesByKey?: true
  body?: Content
  bodyIsOptional?: true
  /** The status of success, its content, and headers by description. */
  status?: number
  answer: string
  content?: Content
  headers?: Record<string, string>
  /** Answers of other statuses with the same shape. */
  also?: Record<number, string>
  /** Answers of success without content. */
  without?: Record<number, string>
  errors?: ErrorReason[]
  /** The schema of errors, where it is not `Error`. */
  faults?: SchemaName
}

export const TAGS = {
  inference: 'Queries: one answer each, by the deadline.',
  'open inference protocol':
    'The same, as version 2 of the protocol has it; a pipeline is a model.',
  jobs: 'Documents read in the background, by when they are wanted.',
  openai: "Text, as clients of OpenAI's API ask for it; a pipeline is a model.",
  'other tools': 'Documents and pictures, as tools ask for them that were made for other servers.',
  state: 'What is served, by whom, how well.',
  administration: 'With a key of an admin; where there is none, from the very machine.',
  nodes: 'What nodes use.',
} as const
export type Tag = keyof typeof TAGS

const text = { type: 'string' }
export const path = (name: string, description: string): Parameter => ({
  ...{ name, in: 'path', description, schema: text },
})
export const header = (
  name: string,
  description: string,
  schema: Record<string, unknown> = text,
): Parameter => ({ name, in: 'header', description, schema })

export const query = (
  name: string,
  description: string,
  schema: Record<string, unknown> = text,
): Parameter => ({ name, in: 'query', description, schema })

export const json = (name: SchemaName): Content => ({ 'application/json': name })
