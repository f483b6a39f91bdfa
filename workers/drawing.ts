/**
 * Entry point of the worker that draws documents for an inference worker. It is ended where a page takes
 * too long.
 *
 * @module
 */
import '../src/stages/without_eval.ts'
import { expose } from 'comlink'
import { deferred } from '../src/node/engine/generate/deferred.ts'
import { createCodecs } from '../src/stages/codecs.ts'
import { compileFrom } from '../src/stages/compile_from.ts'
import { createDrawing } from '../src/stages/documents/draw_here.ts'
import type { DrawingWorker } from '../src/stages/documents/drawing.ts'

const started = deferred<Parameters<DrawingWorker['start']>[0]>()

const api: DrawingWorker = {
  start: started.resolve,
  ...createDrawing(createCodecs(async (name) => await compileFrom((await started.promise)[name]))),
}
expose(api)
