import { type Agreement, strangeField } from './kind.ts'
import { sameFields } from './tensors.ts'

/** Fields `{label, confidence}` or `{text, confidence}`, null where it was not sure enough. */
export const imageClassification: Partial<Agreement> = {
  passesOn: true,
  // Labels are names: two that are spelt nearly alike, as `class_001` and `class_002`, say nothing alike.
  sameFields: (a, b, tolerance) => a?.['label'] === b?.['label'] && sameFields(a, b, tolerance),
  faultOf({ fields }) {
    if (fields === null) return undefined
    const { label, text, confidence } = fields
    if (typeof (label ?? text) !== 'string') return 'a class without a name'
    if (!(typeof confidence === 'number' && confidence >= 0 && confidence <= 1)) {
      return 'a confidence that is none'
    }
    return strangeField(fields, [label === undefined ? 'text' : 'label', 'confidence'])
  },
}
