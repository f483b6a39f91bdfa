import type { Agreement } from './kind.ts'

/** Fields `{label, confidence}` or `{text, confidence}`, null where it was not sure enough. */
export const imageClassification: Partial<Agreement> = {
  faultOf({ fields }) {
    if (fields === null) return undefined
    const { label, text, confidence } = fields
    if (typeof (label ?? text) !== 'string') return 'a class without a name'
    return typeof confidence === 'number' && confidence >= 0 && confidence <= 1
      ? undefined
      : 'a confidence that is none'
  },
}
