/** @module All that applications use. */
export { type Client, type ClientOptions, createClient, type InferOptions } from './client.ts'
export { type ClientReason, ShoalError } from './error.ts'
export type { PoolEvent } from './events.ts'
export type { Picture } from './picture.ts'
export type { Datatype, Query, TensorInput, TensorOutput, TensorQuery } from './query.ts'
export type * from './types.ts'
