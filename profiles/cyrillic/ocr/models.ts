/**
 * The networks of `ocr-cyrillic`: those of `ocr`, with weights for Cyrillic script.
 *
 * @module
 */
import { sourcesOf } from '../../ocr/models.ts'

export { deriveModels, modelNames, recipeVersion } from '../../ocr/models.ts'

export const sources: readonly URL[] = sourcesOf('cyrillic')
