/**
 * Documents that come in, looked at by their first bytes; a node opens them.
 *
 * @module
 */
import {
  DOCUMENT_TYPES,
  type DocumentType,
  documentTypeOf,
  isDocumentType,
} from '../../../documents/document_type.ts'
import { ApiError } from '../../core/api_error.ts'
import type { Payload } from '../../nodes/payload.ts'
import { isPictureType } from './picture.ts'
import { pictureOf } from './picture_payload.ts'

export { DOCUMENT_TYPES, isDocumentType }

/** The header that says whether pages of a PDF that carry their text keep it or are read. */
const TEXT_HEADER = 'x-document-text'
const WISHES = ['keep', 'read'] as const

/**
 * @param declared its content type; `undefined` accepts any type of document
 * @throws ApiError `invalid_input` or `too_large`
 */
export function documentOf(
  bytes: Uint8Array,
  declared?: DocumentType,
): Pick<Payload, 'meta' | 'bytes' | 'pixels'> {
  if (bytes.byteLength === 0) {
    throw new ApiError('invalid_input', 'Cannot read an empty body: send the bytes of a document')
  }
  const type = documentTypeOf(bytes)
  if (type === undefined) {
    throw new ApiError(
      'invalid_input',
      `Cannot read the body as ${declared ?? 'a document'}: it is not PDF, TIFF, JPEG, PNG or ` +
        'WebP, or broken',
    )
  }
  if (declared !== undefined && type !== declared) {
    throw new ApiError(
      'invalid_input',
      `Cannot read the body as ${declared}: its content is ${type}`,
    )
  }
  return isPictureType(type) ? pictureOf(bytes, type) : { meta: { type }, bytes }
}

/** The document with what its caller wishes of the text that it carries. @throws ApiError */
export function withTextWish(payload: Payload, headers: Headers): Payload {
  const said = headers.get(TEXT_HEADER)
  if (said === null) return payload
  const text = WISHES.find((one) => one === said)
  if (text !== undefined) return { ...payload, meta: { ...payload.meta, text } }
  throw new ApiError(
    'invalid_input',
    `Cannot use ${TEXT_HEADER}: must be ${WISHES.join(' or ')}: received ${said.slice(0, 40)}`,
  )
}
