/**
 * Entry point of the worker that draws documents for an inference worker. It is ended where a page takes
 * too long.
 *
 * @module
 */
import '../src/stages/without_eval.ts'
import { expose } from 'comlink'
import { createCodecs } from '../src/stages/codecs.ts'
import { compileFrom } from '../src/stages/compile_from.ts'
import { createDrawing } from '../src/stages/documents/draw_here.ts'
import type { DrawingWorker } from '../src/stages/documents/drawing.ts'

type Urls = Parameters<DrawingWorker['start']>[0]

let tell: (urls: Urls) => void
const told = new Promise<Urls>((resolve) => tell = resolve)

const api: DrawingWorker = {
  start: (urls) => tell(urls),
  ...createDrawing(createCodecs(async (name) => await compileFrom((await told)[name]))),
}
expose(api)
