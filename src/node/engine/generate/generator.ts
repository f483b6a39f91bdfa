/**
 * What a worker asks of a variant that generates.
 *
 * @module
 */
import type { Said } from '../../../pipeline/generate.ts'
import type { Model, StageItem } from '../../../stages/types.ts'
import type { ItemResult } from '../../../stages/types.ts'
import type { InstanceSpec } from '../instance.ts'

/** More of one answer. */
export type SaidOfOne = Omit<Said, 'item'>

export interface Sequence {
  /** The item's result; rejected where a run failed, or the generator was ended. */
  done: Promise<ItemResult>
  /** Nobody waits for it: its row is free from the next step on. */
  leave(): void
}

/** Who waits for an answer. */
export interface Listener {
  hear(said: SaidOfOne): void
  /** By the clock of the worker. */
  expiresMs: number
}

export interface Generator {
  /**
   * An answer to the item, together with those that are being generated.
   *
   * @throws where nothing can be generated for this item, as with a prompt that is too long
   */
  add(item: StageItem, listener: Listener): Sequence
  /** What a batch of so many usual items takes in ms, and how many of them run together. */
  measure(batch: number): Promise<{ runMs: number; rows: number }>
  /** Runs each shape that steps may have once. */
  warm(): Promise<void>
  /** All sequences fail with this. */
  end(error: Error): void
}

export interface GeneratorParts {
  spec: InstanceSpec
  /** Its runs wait for those of other variants, and rest between steps. */
  model: Model
  /** The model's file; only needed where a generator of this hash was never made here. */
  bytes: Uint8Array | undefined
  /** The engine compiles for shapes. */
  compiles: boolean
}

/** @throws Error where the variant's files do not make a generator */
export type CreateGenerator = (parts: GeneratorParts) => Promise<Generator>
