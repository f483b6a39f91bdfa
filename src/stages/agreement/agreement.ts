/**
 * Whether the results of two nodes for one item agree, and whether a result can be one at all. One
 * for each kind of stage; kinds without one of their own are compared field by field.
 *
 * @module
 */
import type { ItemResult } from '../types.ts'
import { sameChildren } from './children.ts'
import { imageClassification } from './image_classification.ts'
import { numberOf } from './json.ts'
import type { Agreement } from './kind.ts'
import { objectDetection } from './object_detection.ts'
import { textDetection } from './text_detection.ts'
import { textRecognition } from './text_recognition.ts'
import { sameFields } from './tensors.ts'
import type { Tolerance } from './tolerance.ts'

const OWN: { readonly [kind: string]: Partial<Agreement> } = {
  'image-classification': imageClassification,
  'object-detection': objectDetection,
  'text-detection': textDetection,
  'text-recognition': textRecognition,
}

const PLAIN: Agreement = {
  sameFields,
  faultOf: () => undefined,
}

const ofKind = (kind: string | undefined): Agreement => ({
  ...PLAIN,
  ...kind !== undefined && Object.hasOwn(OWN, kind) ? OWN[kind] : {},
})

/** Texts that differ, compared letter by letter, which takes a millisecond for long ones. */
const MOST_TEXTS = 256

/** Whether two results of one item say the same. */
export function agree(
  kind: string | undefined,
  a: ItemResult,
  b: ItemResult,
  usual: Tolerance,
): boolean {
  const tolerance = { ...usual, texts: { left: MOST_TEXTS } }
  if (!a.ok || !b.ok) return !a.ok && !b.ok && a.reason === b.reason
  const tasks = Object.keys(a.children)
  return ofKind(kind).sameFields(a.fields, b.fields, tolerance) &&
    tasks.length === Object.keys(b.children).length &&
    tasks.every((task) =>
      Object.hasOwn(b.children, task) &&
      sameChildren(a.children[task]!, b.children[task]!, tolerance)
    )
}

/** Values that JSON has no number for come as null: a model's NaN, or a node's. */
export function faultOf(kind: string | undefined, result: ItemResult): string | undefined {
  if (!result.ok) return undefined
  const fault = ofKind(kind).faultOf(result)
  if (fault !== undefined) return fault
  for (const items of Object.values(result.children)) {
    for (const { meta, bytes } of items) {
      const [width, height] = [numberOf(meta['width']), numberOf(meta['height'])]
      if (meta['format'] === 'rgb' && bytes.length !== width * height * 3) {
        return `a crop of ${bytes.length} bytes cannot be ${width}x${height} pixels`
      }
    }
  }
  return undefined
}
