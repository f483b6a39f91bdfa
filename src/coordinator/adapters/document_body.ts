/**
 * A document in a request: told by its first bytes, whatever it was declared as.
 *
 * @module
 */
import { documentTypeOf } from '../../documents/document_type.ts'
import { ApiError } from '../api_error.ts'
import { pictureOf } from '../infer_request.ts'
import type { BodyQuery } from '../oip/request.ts'
import { isPictureType } from '../picture.ts'

/** @throws ApiError `unsupported_type` for what is none, and as pictures are refused */
export function documentOf(bytes: Uint8Array): BodyQuery['payloads'][number] {
  if (bytes.byteLength === 0) {
    throw new ApiError('invalid_input', 'Cannot read the document: it is empty')
  }
  const type = documentTypeOf(bytes)
  if (type === undefined) {
    throw new ApiError(
      'unsupported_type',
      'Cannot read the document: it is not PDF, TIFF, PNG, JPEG or WebP: convert it to one of them',
    )
  }
  return isPictureType(type) ? pictureOf(bytes, type) : { meta: { type }, bytes }
}

/** A document that is a body by itself. @throws ApiError */
export const readDocument = (body: Uint8Array): BodyQuery => ({
  payloads: [documentOf(body)],
  outputs: [],
})
