/**
 * Entry point of the store's worker: a disk may be slow, and SQLite waits for it.
 *
 * @module
 */
import { expose } from 'comlink'
import { createStoreWriter } from '../src/coordinator/store/writer.ts'

expose(createStoreWriter())
