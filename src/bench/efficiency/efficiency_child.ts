/**
 * Processes of `deno task bench efficiency`: `coordinator` serves the pipeline; `bare` reads pages
 * in a loop for as long as each line of its input says.
 *
 * @module
 */
import { startCoordinator } from '../../cli/serve/coordinator.ts'
import { loadPipelines } from '../../cli/pipelines/load.ts'
import { OCR, SAMPLE_PAGE } from '../../cli/serve/serving.ts'
import { answerLines } from '../child.ts'
import { createStageLoop, withOneWay } from './stage_loop.ts'

const [kind, path = '{}'] = Deno.args
const [loaded] = await loadPipelines([OCR], () => {})
const pipeline = withOneWay(loaded!, JSON.parse(path))

if (kind === 'coordinator') {
  const { url } = startCoordinator({ port: 0, pipelines: [pipeline] })
  await answerLines(url, () => Promise.resolve(null))
} else {
  const page = await Deno.readFile(SAMPLE_PAGE)
  const run = await createStageLoop(pipeline, 4)
  await answerLines(null, async ({ forMs }: { forMs: number }) => {
    const startMs = performance.now()
    let items = 0
    while (performance.now() - startMs < forMs) items += await run(page, 'image/jpeg')
    const tookMs = performance.now() - startMs
    return { items, tookMs, perS: items * 1000 / tookMs }
  })
}
