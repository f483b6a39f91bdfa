/** @module All that applications use. */
export { type Client, type ClientOptions, createClient, type InferOptions } from './client.ts'
export { type ClientReason, ShoalError } from './error.ts'
export type { PoolEvent } from './events.ts'
export type { GenerateAnswer, GenerateOptions, Generating } from './generate.ts'
export type * from './job_types.ts'
export type { JobFile, JobOptions, JobsClient } from './jobs.ts'
export type { Picture } from './picture.ts'
export type {
  Ask,
  Datatype,
  Query,
  TensorInput,
  TensorOutput,
  TensorQuery,
  TextQuery,
} from './query.ts'
export type * from './types.ts'
