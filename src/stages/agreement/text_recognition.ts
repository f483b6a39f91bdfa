import type { Agreement } from './kind.ts'
import type { JsonObject } from '../types.ts'
import { likeness, near, numberOf } from './json.ts'

/** Fields `{text, confidence}`, null where nothing was read. */
export const textRecognition: Agreement = {
  sameFields(a, b, tolerance) {
    if (likeness(textOf(a), textOf(b)) < tolerance.text) return false
    if (a === null || b === null) return true
    return near(numberOf(a['confidence']), numberOf(b['confidence']), tolerance)
  },
  faultOf({ fields }) {
    if (fields === null) return undefined
    const { text, confidence } = fields
    if (typeof text !== 'string') return 'a line without a text'
    return typeof confidence === 'number' && confidence >= 0 && confidence <= 1
      ? undefined
      : 'a confidence that is none'
  },
}

function textOf(fields: JsonObject | null): string {
  const text = fields?.['text']
  return typeof text === 'string' ? text : ''
}
