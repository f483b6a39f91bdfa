/**
 * Other fields of calls of Mistral's API: refused unless their value asks for the usual behaviour.
 *
 * @module
 */
import { ApiError } from '../../core/api_error.ts'
import { ocrRequest } from './schemas.ts'

const NO_SCHEMA = 'nothing is made of a document but its text'
const NO_PARTS = 'heads and feet of pages are not told from the rest of their text'

/** By field: whether a value asks for the usual behaviour, and why other values are refused. */
const OTHERS: Record<string, [asksNothing: (value: unknown) => boolean, why: string]> = {
  include_image_base64: [(value) => value === false, 'no pictures come out'],
  bbox_annotation_format: [() => false, NO_SCHEMA],
  document_annotation_format: [() => false, NO_SCHEMA],
  document_annotation_prompt: [(value) => value === '', NO_SCHEMA],
  table_format: [() => false, 'tables stand in the markdown'],
  extract_header: [(value) => value === false, NO_PARTS],
  extract_footer: [(value) => value === false, NO_PARTS],
  // Bounds of pictures, of which answers have none; and an id of the caller's own.
  image_limit: [() => true, ''],
  image_min_size: [() => true, ''],
  id: [() => true, ''],
}

const MAX_NAME = 100

/** @throws ApiError `invalid_input` that names the first refused field */
export function checkOthers(body: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(body)) {
    if (value === null || value === undefined || Object.hasOwn(ocrRequest.shape, name)) continue
    const [asksNothing, why] = Object.hasOwn(OTHERS, name)
      ? OTHERS[name]!
      : [() => false, 'it is not known here']
    if (asksNothing(value)) continue
    const shown = name.slice(0, MAX_NAME)
    const message = `Cannot use ${shown}: ${why}: leave it out`
    throw new ApiError('invalid_input', message, undefined, shown)
  }
}
