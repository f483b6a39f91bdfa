/**
 * The body of Mistral's `POST /v1/ocr`: the pages to read, and the document, or where it is.
 *
 * @module
 */
import { ApiError } from '../../core/api_error.ts'
import { ELEMENTS, parseAs } from '../../http/bodies/json.ts'
import { documentOf } from '../../http/inputs/document.ts'
import type { BodyQuery } from '../oip/request.ts'
import { checkOthers } from './mistral_others.ts'
import type { OcrQuery } from './ocr_query.ts'
import { readPages } from './page_choice.ts'
import { type OcrRequest, ocrRequest } from './schemas.ts'

const DATA_URI = /^data:[^,;]*(?:;[^,;]*)*;base64,/i
/** Characters of a data URI that are searched for its head. */
const MAX_HEAD = 200

/** @throws ApiError */
export function readOcr(body: Uint8Array): BodyQuery {
  const request = parseAs(ocrRequest, body, ELEMENTS, true)
  checkOthers(request)
  const { model, pages, include_blocks, confidence_scores_granularity: scores } = request
  const ocr: OcrQuery = {
    model: model ?? undefined,
    pages: pages == null ? undefined : readPages(pages),
    blocks: include_blocks ?? false,
    scores: scores ?? undefined,
  }
  const place = placeOf(request.document)
  if ('id' in place) return { payloads: [], outputs: [], ocr: { ...ocr, upload: place } }
  const { url, param } = place
  if (!/^data:/i.test(url)) return { payloads: [], outputs: [], ocr: { ...ocr, upload: place } }
  try {
    return { payloads: [documentOf(bytesOf(url))], outputs: [], ocr }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    throw new ApiError(error.reason, error.message, undefined, param)
  }
}

function placeOf(document: OcrRequest['document']): NonNullable<OcrQuery['upload']> {
  switch (document.type) {
    case 'file':
      return { id: document.file_id, param: 'document.file_id' }
    case 'document_url':
      return { url: document.document_url, param: 'document.document_url' }
    case 'image_url': {
      const { image_url: image } = document
      return typeof image === 'string'
        ? { url: image, param: 'document.image_url' }
        : { url: image.url, param: 'document.image_url.url' }
    }
  }
}

function bytesOf(url: string): Uint8Array {
  const [head] = DATA_URI.exec(url.slice(0, MAX_HEAD)) ?? []
  try {
    if (head !== undefined) return Uint8Array.fromBase64(url.slice(head.length))
  } catch {
    // The error is thrown below.
  }
  throw new ApiError('invalid_input', 'Cannot use the data: URI: it is not base64')
}
