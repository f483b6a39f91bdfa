/**
 * Entry point of the worker for JSON schemas: whatever one says, it is read off the main thread.
 *
 * @module
 */
import { expose } from 'comlink'
import type { ReadSchema } from '../src/coordinator/apis/generate/schema_reader.ts'
import { schemaFault } from '../src/stages/generate/constraint/constraint.ts'

expose(schemaFault satisfies ReadSchema)
