/**
 * The body of LiteParse's `POST /ocr`: a form with a picture and, perhaps, the language of its text.
 *
 * @module
 */
import { ApiError } from '../../core/api_error.ts'
import { pictureOf } from '../../http/inputs/picture_payload.ts'
import type { BodyQuery } from '../oip/request.ts'
import { checkLanguage } from './language.ts'
import { readForm } from './multipart.ts'

const FIELDS = ['file', 'language']

/**
 * @param contentType with its boundary
 * @throws ApiError
 */
export function readLiteparse(contentType: string | null, body: Uint8Array): BodyQuery {
  const fields = new Map<string, Uint8Array>()
  for (const { name, bytes } of readForm(contentType, body)) {
    const shown = JSON.stringify(name.slice(0, 100))
    const fail = (fault: string) => {
      throw new ApiError('invalid_input', `Cannot use field ${shown}: ${fault}`)
    }
    if (!FIELDS.includes(name)) fail(`the fields are ${FIELDS.join(' and ')}: leave it out`)
    if (fields.has(name)) fail('it is there more than once: send one picture a call')
    fields.set(name, bytes)
  }
  const file = fields.get('file')
  if (file === undefined) {
    throw new ApiError('invalid_input', 'Cannot read the form: field file, a picture, is missing')
  }
  const language = new TextDecoder().decode(fields.get('language')).trim()
  if (language !== '') checkLanguage(language)
  return { payloads: [pictureOf(file)], outputs: [] }
}
