/**
 * Documents that come in, checked by their first bytes; a node opens them.
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
import { isPictureType, pictureOf } from './picture.ts'

export { DOCUMENT_TYPES, isDocumentType }

/**
 * The header that chooses whether the text layer of a PDF's pages is kept, or the pages are read.
 */
const TEXT_HEADER = 'x-document-text'
const CHOICES = ['keep', 'read'] as const

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

/** The document with its caller's choice for its text layer. @throws ApiError */
export function withTextChoice(payload: Payload, headers: Headers): Payload {
  const choice = headers.get(TEXT_HEADER)
  if (choice === null) return payload
  const text = CHOICES.find((one) => one === choice)
  if (text !== undefined) return { ...payload, meta: { ...payload.meta, text } }
  throw new ApiError(
    'invalid_input',
    `Cannot use ${TEXT_HEADER}: must be ${CHOICES.join(' or ')}: received ${choice.slice(0, 40)}`,
  )
}
