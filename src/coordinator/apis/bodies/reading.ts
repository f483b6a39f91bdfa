/**
 * The worker for bodies: inflates a body and reads it. Errors are returned as data, since thrown
 * errors lose their class on the way.
 *
 * @module
 */
import type { ErrorReason } from '../../../client/types.ts'
import { ApiError } from '../../core/api_error.ts'
import { MAX_BODY_BYTES } from '../../http/bodies/body.ts'
import { type Encoding, inflate } from '../../http/bodies/inflate.ts'
import type { BodyQuery } from '../oip/request.ts'
import { type Form, readQuery } from './query.ts'

export type Outcome =
  | { ok: true; query: BodyQuery }
  | { ok: false; reason: ErrorReason; message: string; param?: string | undefined }

export async function readOutcome(
  form: Form,
  body: Uint8Array,
  encoding: Encoding | undefined,
): Promise<Outcome> {
  try {
    const bytes = encoding === undefined ? body : await inflate(body, encoding, MAX_BODY_BYTES)
    return { ok: true, query: readQuery(form, bytes) }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    const { reason, message, param } = error
    return { ok: false, reason, message, param }
  }
}

/** Buffers of a query's payloads, each once: they are transferred without a copy. */
export const buffersOf = ({ payloads }: BodyQuery): ArrayBuffer[] => [
  ...new Set(payloads.map(({ bytes }) => bytes.buffer as ArrayBuffer)),
]
