/**
 * What a model of the Open Inference Protocol takes and gives.
 *
 * @module
 */
import type { Datatype, Tensor } from './tensors.ts'

export type Outputs = Record<string, Record<string, unknown>[]>

/** As in the metadata of a model; a size of -1 varies. */
export interface TensorInfo {
  name: string
  datatype: Datatype
  shape: number[]
}

export interface ModelOutput extends TensorInfo {
  /** The tensor for these pictures, in their order. */
  read(pictures: readonly Outputs[]): Tensor
}
