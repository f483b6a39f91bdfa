/**
 * Languages that a caller says a text is in: read is any that is written in a script that is read.
 *
 * @module
 */
import { ApiError } from '../../core/api_error.ts'

/** What `ocr` reads, as ISO 15924 has it. */
const SCRIPT = 'Latn'
/** Of one code, as of several joined by `+`. */
const MAX_LENGTH = 100

/**
 * @param told codes of two or three letters, as `de` or `deu`, several joined by `+`
 * @throws ApiError `invalid_input` where one is none, or is not written in Latin letters
 */
export function checkLanguage(told: string): void {
  const shown = JSON.stringify(told.slice(0, MAX_LENGTH))
  const fail = (fault: string) => {
    throw new ApiError('invalid_input', `Cannot use language ${shown}: ${fault}`)
  }
  if (told.length > MAX_LENGTH) fail(`it has over ${MAX_LENGTH} characters`)
  for (const code of told.split('+')) {
    const script = scriptOf(code.trim())
    if (script === undefined) fail('send codes as `en` or `eng`, several joined by `+`')
    else if (script !== SCRIPT) fail('texts in Latin script are read, and it is written in another')
  }
}

/** `undefined` for what is no language. */
function scriptOf(code: string): string | undefined {
  try {
    return new Intl.Locale(code.replaceAll('_', '-')).maximize().script
  } catch {
    return undefined
  }
}
