/**
 * The stage implementations that a pipeline file can name as a task's `kind`.
 *
 * @module
 */
import type { Stage } from './types.ts'
import { code } from './code.ts'
import { documentPages } from './documents/document_pages.ts'
import { pageLayout } from './documents/page_layout.ts'
import { generate } from './generate/stage.ts'
import { imageClassification } from './image_classification.ts'
import { objectDetection } from './object_detection.ts'
import { tensors } from './tensors/tensors.ts'
import { textDetection } from './text_detection.ts'
import { textRecognition } from './text_recognition.ts'

export const stages: { readonly [kind: string]: Stage } = {
  'image-classification': imageClassification,
  'object-detection': objectDetection,
  'text-detection': textDetection,
  'text-recognition': textRecognition,
  'document-pages': documentPages,
  'page-layout': pageLayout,
  tensors,
  code,
  generate,
}

export const stageKinds: readonly string[] = Object.keys(stages)
