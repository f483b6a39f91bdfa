/**
 * Languages that a caller names for a text: accepted where `ocr` reads the script of the language.
 *
 * @module
 */
import { ApiError } from '../../core/api_error.ts'

/** The script that `ocr` reads, by its code of ISO 15924. */
const SCRIPT = 'Latn'
/** Characters of all codes together. */
const MAX_LENGTH = 100

/**
 * @param text codes of two or three letters, as `de` or `deu`, several joined by `+`
 * @throws ApiError `invalid_input` where a code is no language, or one that is not written in Latin
 * letters
 */
export function checkLanguage(text: string): void {
  const shown = JSON.stringify(text.slice(0, MAX_LENGTH))
  const fail = (fault: string) => {
    throw new ApiError('invalid_input', `Cannot use language ${shown}: ${fault}`)
  }
  if (text.length > MAX_LENGTH) fail(`it has over ${MAX_LENGTH} characters`)
  for (const code of text.split('+')) {
    const script = scriptOf(code.trim())
    if (script === undefined) fail('send codes as `en` or `eng`, several joined by `+`')
    else if (script !== SCRIPT) fail('texts in Latin script are read, and it is written in another')
  }
}

/** The script of a language; `undefined` for an unknown code. */
function scriptOf(code: string): string | undefined {
  try {
    return new Intl.Locale(code.replaceAll('_', '-')).maximize().script
  } catch {
    return undefined
  }
}
