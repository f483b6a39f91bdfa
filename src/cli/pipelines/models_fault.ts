/**
 * What to say where models could not be prepared.
 *
 * @module
 */
import { PipelineError } from '../../pipeline/error.ts'
import { StorageError } from './content_store.ts'

/** A fault of a pipeline's files or of the disk in a sentence, one of ours with the way to it. */
export const modelsFault = (error: Error): string =>
  error instanceof PipelineError || error instanceof StorageError
    ? error.message
    : String(error.stack)
