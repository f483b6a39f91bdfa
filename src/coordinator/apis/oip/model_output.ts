/**
 * What a model of the Open Inference Protocol takes and gives.
 *
 * @module
 */
import type { Datatype, Tensor } from './tensors.ts'

export type Outputs = Record<string, unknown>

/** The entries of a list, of all pictures. */
export const entriesOf = (pictures: readonly Outputs[], list: string): Record<string, unknown>[] =>
  pictures.flatMap((picture) => (picture[list] ?? []) as Record<string, unknown>[])

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
