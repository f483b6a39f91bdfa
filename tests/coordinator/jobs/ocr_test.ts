/** A job of pictures that a real node reads. */
import assert from 'node:assert/strict'
import { createClient, type OcrLine } from '../../../src/client/mod.ts'
import { SAMPLE_PAGE, startServing, USUAL } from '../../../src/cli/serve/serving.ts'
import { testOfAll } from '../../exhaustive.ts'
import { get } from './scene.ts'

testOfAll(
  'pages that ocr reads as a job are those that it reads when it is asked, while it is asked',
  async () => {
    const serving = await startServing(undefined, { variants: USUAL })
    try {
      await serving.addNode('reader')
      const page = await Deno.readFile(SAMPLE_PAGE)
      const shoal = createClient(serving.url)
      const { id, inTime } = await shoal.jobs.create(
        [1, 2, 3].map((n) => ({ name: `${n}.jpg`, data: page })),
        { pipeline: 'ocr', deadlineMs: 3600_000 },
      )
      assert.notEqual(inTime, false)
      const asked = await shoal.infer<{ lines: OcrLine[] }>('ocr', page, { timeoutMs: 120_000 })
      for await (const { event } of shoal.jobs.events(id)) if (event === 'end') break
      const job = await shoal.jobs.get(id)
      assert.deepEqual([job.state, job.inTime, job.pages.done], ['done', true, 3])
      const words = ({ lines }: { lines: OcrLine[] }) => lines.map(({ text }) => text)
      for (const { outputs } of job.documents!) {
        const said = await get<{ outputs: { lines: OcrLine[] } }>(serving, outputs.json!)
        assert.deepEqual(words(said.outputs), words(asked.outputs))
      }
    } finally {
      await serving.end()
    }
  },
)
