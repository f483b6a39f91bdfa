/**
 * From a call of Mistral's API to a document and a query.
 *
 * @module
 */
import type { Context } from 'hono'
import { ApiError } from '../../core/api_error.ts'
import { leftAddress } from '../../http/access/caller.ts'
import { readBody } from '../../http/bodies/body.ts'
import { readEncoding } from '../../http/bodies/inflate.ts'
import { withTextChoice } from '../../http/inputs/document.ts'
import type { Payload } from '../../nodes/payload.ts'
import type { InferParts } from '../common/infer_parts.ts'
import { type InferHeaders, MAX_TIMEOUT_MS, readInferHeaders } from '../common/infer_request.ts'
import type { OcrQuery } from './ocr_query.ts'
import { type Uploads, useUpload } from './uploads.ts'

export interface RequestParts extends InferParts {
  /** Names and addresses, besides loopback, under which this coordinator is reached. */
  hosts: readonly string[]
  /** Files that were uploaded to this coordinator. */
  uploads?: Uploads | undefined
}

export interface OcrCall {
  query: OcrQuery
  /** The document. */
  payload: Payload
  headers: InferHeaders
  /** Whether the caller set a time limit; else `headers` has the longest time. */
  isTimed: boolean
}

/** @throws ApiError */
export async function readOcrRequest(
  c: Context,
  { pool, bodies, uploads, hosts }: RequestParts,
  arrivedMs: number,
): Promise<OcrCall> {
  const request = c.req.raw
  checkContentType(request.headers)
  const headers = readInferHeaders(request.headers, MAX_TIMEOUT_MS)
  const isTimed = request.headers.has('x-request-timeout-ms')
  const lateMs = arrivedMs + headers.budgetMs
  const address = leftAddress(c)
  const encoding = readEncoding(request.headers)
  const { deadlines, draining } = pool
  const bytes = await readBody(request, deadlines, arrivedMs, lateMs, { address, draining })
  const body = await bodies.read({ form: { api: 'ocr' }, bytes, encoding, lateMs, address })
  const query = body.ocr!
  const { payloads: [payload] } = body.payloads.length > 0
    ? body
    : await useUpload(c, query.upload!, hosts, uploads, (bytes) =>
      bodies.read({ form: { api: 'document' }, bytes, encoding: undefined, lateMs, address }))
  return { query, payload: withTextChoice(payload!, request.headers), headers, isTimed }
}

function checkContentType(headers: Headers): void {
  const type = (headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase()
  if (type === '' || type === 'application/json') return
  const message = `Cannot take content-type ${type.slice(0, 100)}: send application/json`
  throw new ApiError('unsupported_type', message)
}
