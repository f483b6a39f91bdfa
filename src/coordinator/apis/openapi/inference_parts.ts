/**
 * Common parts of calls of pipelines.
 *
 * @module
 */
import type { ErrorReason } from '../../../client/types.ts'
import { PREFERENCES } from '../../../policy/core/elastic.ts'
import { ENCODINGS } from '../../http/bodies/inflate.ts'
import { header, type Operation, type Parameter, path } from './operation.ts'

export const IDS = [
  header('x-request-id', 'Comes back as a header, and as `id` where the body names none.', {
    ...{ type: 'string', pattern: '^[\\x21-\\x7e]{1,128}$' },
  }),
  header('traceparent', 'Comes back as it is.'),
]
/** Headers with which calls set terms for their query. */
export const QUERY_TERMS = [
  header('x-request-timeout-ms', 'From arrival to answer; the SLO of the pipeline where absent.', {
    ...{ type: 'integer', minimum: 1, maximum: 600_000 },
  }),
  header('x-min-accuracy', 'Least mean path accuracy.', { type: 'number', minimum: 0, maximum: 1 }),
  header('x-prefer', "What the pool is run for, in place of the pipeline's own wish.", {
    ...{ type: 'string', enum: PREFERENCES },
  }),
]
export const DEADLINE = [
  ...QUERY_TERMS,
  header('content-encoding', 'How the body is compressed.', { type: 'string', enum: ENCODINGS }),
  header('accept-encoding', 'With `gzip` or `deflate`, a long answer is compressed.'),
  ...IDS,
]
export const INFER_ERRORS: ErrorReason[] = [
  ...['invalid_input', 'unknown_pipeline', 'too_large', 'unsupported_type', 'internal'] as const,
  ...['node_failed', 'queue_full', 'infeasible_deadline', 'no_capable_node', 'draining'] as const,
  'deadline_exceeded',
]
export const TIMING = { 'Server-Timing': 'What the answer took, in milliseconds, by stage.' }
export const LENGTH = 'Inference-Header-Content-Length'

/** The operation for a model, and for a version of it. */
export function oip(operation: Operation): Operation[] {
  const of = [path('model', 'A pipeline.'), ...operation.parameters ?? []]
  const at = (start: string, parameters: Parameter[]): Operation => ({
    ...operation,
    path: `${start}${operation.path}`,
    parameters,
  })
  return [
    at('/v2/models/{model}', of),
    at('/v2/models/{model}/versions/{version}', [
      path('version', 'The one that is served; `1` before any reload.'),
      ...of,
    ]),
  ]
}

export const V2 = { tag: 'open inference protocol' } as const
