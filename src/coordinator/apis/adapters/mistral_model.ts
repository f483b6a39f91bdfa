/**
 * The pipeline of a call of Mistral's API.
 *
 * @module
 */
import { ApiError } from '../../core/api_error.ts'
import { readsDocuments } from '../../jobs/documents/parts.ts'
import type { Versions } from '../../pool/versions.ts'
import { OCR } from './liteparse.ts'

export const DOCUMENTS = 'documents'
/** Names of Mistral's own models, which its clients send by default. */
const THEIRS = /^mistral-ocr/

/** @param model the name in the call @throws ApiError `unknown_pipeline` or `unsupported_type` */
export function chosenModel(
  model: string | undefined,
  isPicture: boolean,
  versions: Pick<Versions, 'find' | 'current'>,
): string {
  const isTheirs = model === undefined || model === '' || THEIRS.test(model)
  const name = isTheirs ? versions.find(DOCUMENTS) === undefined ? OCR : DOCUMENTS : model
  const pipeline = versions.find(name)?.pipeline
  const reads = pipeline !== undefined && readsDocuments(pipeline)
  if (pipeline === undefined || !reads && name !== OCR) {
    throw new ApiError(
      'unknown_pipeline',
      `Cannot find model ${JSON.stringify(name.slice(0, 100))}: name a pipeline that reads ` +
        `documents, such as ${DOCUMENTS}, or ${OCR}, or leave it out`,
    )
  }
  if (!isPicture && !reads) {
    throw new ApiError(
      'unsupported_type',
      `Cannot read the document: pipeline ${OCR} takes pictures alone, and ${DOCUMENTS}, which ` +
        'takes PDF and TIFF, is not asked or not served: send PNG, JPEG or WebP',
      undefined,
      'document',
    )
  }
  return name
}
