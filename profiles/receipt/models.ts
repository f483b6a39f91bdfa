/**
 * The networks of the `receipt` pipeline: those of `ocr` find and read the lines, those of `fields` make
 * fields of them.
 *
 * @module
 */
import * as fields from '../fields/models.ts'
import * as ocr from '../ocr/models.ts'

export const recipeVersion = 1000 * ocr.recipeVersion + fields.recipeVersion

export const sources: readonly URL[] = [...ocr.sources, ...fields.sources]

export const modelNames: readonly string[] = [...ocr.modelNames, ...fields.modelNames]

/** Derives every model, one after the other. */
export function* deriveModels(
  files: readonly Uint8Array[],
): Generator<{ model: string; bytes: Uint8Array }> {
  const first = ocr.sources.length
  yield* ocr.deriveModels(files.slice(0, first))
  yield* fields.deriveModels(files.slice(first))
}
