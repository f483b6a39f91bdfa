/**
 * The networks of `ocr-greek`: those of `ocr`, with weights for Greek script.
 *
 * @module
 */
import { sourcesOf } from '../../ocr/models.ts'

export { deriveModels, modelNames, recipeVersion } from '../../ocr/models.ts'

export const sources: readonly URL[] = sourcesOf('greek')
