import type { Agreement } from './kind.ts'
import { likeness, near } from './json.ts'

/** Fields `{text, confidence}`, null where nothing was read. */
export const textRecognition: Agreement = {
  sameFields(a, b, tolerance) {
    const [one, other] = [a?.['text'] ?? '', b?.['text'] ?? '']
    if (likeness(String(one), String(other)) < tolerance.text) return false
    if (a === null || b === null) return true
    return near(Number(a['confidence']), Number(b['confidence']), tolerance)
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
