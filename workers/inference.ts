/**
 * Entry point of an inference worker: stages and engine behind comlink.
 *
 * @module
 */
import '../src/stages/without_eval.ts'
import { expose } from 'comlink'
import { createOrtEngine } from '../src/node/engine/ort_engine.ts'
import { createGenerators } from '../src/node/engine/generate/create_generator.ts'
import { createWorkerApi } from '../src/node/engine/worker_api.ts'
import { createCodecs } from '../src/stages/codecs.ts'
import { stages } from '../src/stages/stages.ts'

const createGenerator = createGenerators()

expose(createWorkerApi({ stages, createCodecs, createEngine: createOrtEngine, createGenerator }))
