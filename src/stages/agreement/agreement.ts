/**
 * Whether the results of two nodes for one item agree, and whether a result can be one at all. One
 * for each kind of stage; kinds without one of their own are compared field by field.
 *
 * @module
 */
import type { ItemResult } from '../types.ts'
import { sameChildren } from './children.ts'
import { type Look, RAW_ONLY, sizeOf } from './crops.ts'
import { documentPages, pageLayout } from './documents.ts'
import { generate } from './generate.ts'
import { imageClassification } from './image_classification.ts'
import { numberOf } from './json.ts'
import type { Agreement, TaskFields } from './kind.ts'
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
  'document-pages': documentPages,
  'page-layout': pageLayout,
  generate,
}

const PLAIN: Agreement = {
  sameFields,
  faultOf: () => undefined,
}

const ofTask = ({ kind }: TaskFields): Agreement => ({
  ...PLAIN,
  ...kind !== undefined && Object.hasOwn(OWN, kind) ? OWN[kind] : {},
})

/** Texts that differ, compared letter by letter, which takes a millisecond for long ones. */
const MOST_TEXTS = 256
/** Longer side of a picture in which a corner is held to the tolerance's own pixels. */
const USUAL_SIDE = 1000

/** Whether two results of one item say the same. */
export function agree(
  task: TaskFields,
  a: ItemResult,
  b: ItemResult,
  usual: Tolerance,
  look: Look = RAW_ONLY,
): boolean {
  // The client gets the message, too.
  if (!a.ok || !b.ok) return !a.ok && !b.ok && a.reason === b.reason && a.message === b.message
  const kind = ofTask(task)
  const picture = kind.cut && sizeOf(a.fields)
  const scale = Math.max(1, Math.max(picture?.width ?? 0, picture?.height ?? 0) / USUAL_SIDE)
  const tolerance = { ...usual, pixels: usual.pixels * scale, texts: { left: MOST_TEXTS } }
  const tasks = Object.keys(a.children)
  return kind.sameFields(a.fields, b.fields, tolerance) &&
    tasks.length === Object.keys(b.children).length &&
    tasks.every((child) =>
      Object.hasOwn(b.children, child) &&
      sameChildren(a.children[child]!, b.children[child]!, { task, picture, kind, tolerance, look })
    )
}

/** Values that JSON has no number for come as null: a model's NaN, or a node's. */
export function faultOf(task: TaskFields, result: ItemResult): string | undefined {
  if (!result.ok) return undefined
  const fault = ofTask(task).faultOf(result, task)
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
