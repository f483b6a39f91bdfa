import { cropOf } from '../options.ts'
import { cropsFault, sizeOf } from './crops.ts'
import { type Agreement, strangeField } from './kind.ts'

/** Fields `{width, height, lines}`: the lines themselves are its child items. */
export const textDetection: Agreement & Required<Pick<Agreement, 'cut'>> = {
  sameFields: (a, b) => ['width', 'height', 'lines'].every((field) => a?.[field] === b?.[field]),
  faultOf({ fields, children }, task) {
    const picture = sizeOf(fields)
    if (fields === null || picture === undefined) return 'a picture without a size'
    const strange = strangeField(fields, ['width', 'height', 'lines'])
    if (strange !== undefined) return strange
    for (const items of Object.values(children)) {
      if (items.length !== fields['lines']) return 'another number of lines than it says'
      const fault = cropsFault(items, 'line', ['page'], textDetection.cut, task, picture)
      if (fault !== undefined) return fault
    }
    return undefined
  },
  cut: (area, task) => ({ area, limits: cropOf(task) }),
}
