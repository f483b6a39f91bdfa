import { isQuad } from '../turned_lines.ts'
import { near, numberOf, sameJson, sameText } from './json.ts'
import { type Agreement, strangeField } from './kind.ts'

/** What the stage's models can read. */
const PRINTABLE = /^[\x20-\x7e]+$/

/** Fields `{text, confidence}`, null where nothing was read; `box` of a line on its head. */
export const textRecognition: Partial<Agreement> = {
  sameFields(a, b, tolerance) {
    if (a === null || b === null) return a === b
    return typeof a['text'] === 'string' && typeof b['text'] === 'string' &&
      sameText(a['text'], b['text'], tolerance) &&
      near(numberOf(a['confidence']), numberOf(b['confidence']), tolerance) &&
      sameJson(a['box'] ?? null, b['box'] ?? null, tolerance, 'box')
  },
  faultOf({ fields }) {
    if (fields === null) return undefined
    const { text, confidence } = fields
    if (typeof text !== 'string' || text === '') return 'a line without a text'
    if (!PRINTABLE.test(text)) return 'a text in letters that no model reads'
    if (!(typeof confidence === 'number' && confidence >= 0 && confidence <= 1)) {
      return 'a confidence that is none'
    }
    if (fields['box'] !== undefined && !isQuad(fields['box'])) return 'a box that is none'
    return strangeField(fields, ['text', 'confidence', 'box'])
  },
}
