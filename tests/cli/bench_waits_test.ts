/** What benchmarks wait for may never come: they go on, and say so. */
import { equal } from 'node:assert/strict'
import { busyNode } from '../../src/cli/bench/failover.ts'
import { SAMPLE_PAGE, startServing } from '../../src/cli/serve/serving.ts'

Deno.test('a node that has the query is not waited for once that is refused', async () => {
  const serving = await startServing()
  try {
    const query = fetch(`${serving.url}/v1/pipelines/ocr/infer`, {
      method: 'POST',
      headers: { 'content-type': 'image/jpeg' },
      body: await Deno.readFile(SAMPLE_PAGE),
    })
    equal(await busyNode(serving, new Map(), query), undefined)
    const { status, body } = await query
    await body?.cancel()
    equal(status, 503)
  } finally {
    await serving.end()
  }
})
