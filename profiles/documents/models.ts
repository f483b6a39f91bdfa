/**
 * The networks of the `documents` pipeline: those of `ocr`, which find and read the lines of its pages.
 *
 * @module
 */
export { deriveModels, modelNames, recipeVersion, sources } from '../ocr/models.ts'
