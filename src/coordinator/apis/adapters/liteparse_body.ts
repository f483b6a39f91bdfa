/**
 * The body of LiteParse's `POST /ocr`: a form with a picture and, perhaps, the language of its
 * text.
 *
 * @module
 */
import { ApiError } from '../../core/api_error.ts'
import { createFormReader } from '../../http/bodies/multipart.ts'
import { pictureOf } from '../../http/inputs/picture.ts'
import type { BodyQuery } from '../oip/request.ts'
import { checkLanguage } from './language.ts'

const FIELDS = ['file', 'language']
const NO_BYTES = new Uint8Array(0)

/**
 * @param contentType with its boundary
 * @throws ApiError
 */
export function readLiteparse(contentType: string | null, body: Uint8Array): BodyQuery {
  const fields = new Map<string, Uint8Array>()
  const form = createFormReader(contentType)
  let field = ''
  for (const event of form.read(body)) {
    if (event.type === 'part') {
      field = event.head.name
      checkField(field, fields)
      fields.set(field, NO_BYTES)
    } else if (event.type === 'data') fields.set(field, event.bytes)
  }
  form.end()
  const file = fields.get('file')
  if (file === undefined) {
    throw new ApiError('invalid_input', 'Cannot read the form: field file, a picture, is missing')
  }
  const language = new TextDecoder().decode(fields.get('language')).trim()
  if (language !== '') checkLanguage(language)
  return { payloads: [pictureOf(file)], outputs: [] }
}

/** @throws ApiError */
function checkField(name: string, others: ReadonlyMap<string, unknown>): void {
  const fail = (fault: string) => {
    const shown = JSON.stringify(name.slice(0, 100))
    throw new ApiError('invalid_input', `Cannot use field ${shown}: ${fault}`)
  }
  if (!FIELDS.includes(name)) fail(`the fields are ${FIELDS.join(' and ')}: leave it out`)
  if (others.has(name)) fail('it is there more than once: send one picture a call')
}
