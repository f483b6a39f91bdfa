/**
 * What a `stage.ts` of a pipeline's folder may import as `shoal`.
 *
 * @example
 * ```ts
 * import { type Stage } from 'shoal'
 *
 * export default {
 *   run: (items) =>
 *     Promise.resolve(items.map(({ bytes }) => ({
 *       ok: true,
 *       fields: { bytes: bytes.length },
 *       children: {},
 *     }))),
 *   warmUp: () => [],
 * } satisfies Stage
 * ```
 * @module
 */
export type {
  ImageCodecs,
  ItemResult,
  JsonObject,
  Model,
  Picture,
  Stage,
  StageContext,
  StageItem,
  Tensor,
} from './types.ts'
export { packTensors, unpackTensors } from '../pipeline/tensor_item.ts'
export { pictureOf } from './item.ts'
export { resizeInto } from './resample.ts'
