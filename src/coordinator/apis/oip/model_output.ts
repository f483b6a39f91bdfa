/**
 * Inputs and outputs of a model of the Open Inference Protocol.
 *
 * @module
 */
import type { Datatype, Tensor } from './tensors.ts'

export type Outputs = Record<string, unknown>

/** Entries of a list, of all pictures. */
export const entriesOf = (pictures: readonly Outputs[], list: string): Record<string, unknown>[] =>
  pictures.flatMap((picture) => (picture[list] ?? []) as Record<string, unknown>[])

/** A tensor in the metadata of a model; a size of -1 varies. */
export interface TensorInfo {
  name: string
  datatype: Datatype
  shape: number[]
}

export interface ModelOutput extends TensorInfo {
  /** The tensor for these pictures, in their order. */
  read(pictures: readonly Outputs[]): Tensor
}
