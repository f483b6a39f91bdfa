/**
 * From the bytes of a body to a query. Needs nothing but them and a plain description of what they
 * are to be, so that it can be done in a worker.
 *
 * @module
 */
import type { Takes } from '../../pipeline/takes.ts'
import { readInferBody } from '../infer_request.ts'
import { type BodyQuery, readRequest, type RequestModel } from '../oip/request.ts'

/** What a body is to be: of `/v1`, or of the Open Inference Protocol. */
export type Form =
  | { api: 'v1'; type: string; takes: Takes | undefined }
  | { api: 'v2'; jsonLength: string | null; model: RequestModel }

/** @throws ApiError */
export function readQuery(form: Form, body: Uint8Array): BodyQuery {
  if (form.api === 'v2') return readRequest(form.model, form.jsonLength, body)
  return { payloads: [readInferBody(form.type, body, form.takes)], outputs: [] }
}
