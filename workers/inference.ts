/**
 * Entry point of an inference worker: stages and engine behind comlink.
 *
 * @module
 */
import { expose } from 'comlink'
import { createOrtEngine } from '../src/node/engine/ort_engine.ts'
import { createWorkerApi } from '../src/node/engine/worker_api.ts'
import { createCodecs } from '../src/stages/codecs.ts'
import { stages } from '../src/stages/stages.ts'

expose(createWorkerApi({ stages, createCodecs, createEngine: createOrtEngine }))
