/**
 * What of the served models is downloaded, for pages that say so before it is.
 *
 * @module
 */
export {
  type Downloads,
  leastModels,
  type ModelFile,
  type ServedVariant,
} from '../../pipeline/least_models.ts'
