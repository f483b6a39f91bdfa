/**
 * Entry point of the worker for bodies: what is large or compressed is read off the main thread.
 *
 * @module
 */
import { expose, transfer } from 'comlink'
import { buffersOf, readOutcome } from '../src/coordinator/apis/bodies/reading.ts'

expose(async (...of: Parameters<typeof readOutcome>) => {
  const outcome = await readOutcome(...of)
  return outcome.ok ? transfer(outcome, buffersOf(outcome.query)) : outcome
})
