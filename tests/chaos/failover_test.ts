/** Real nodes as processes, ended without a word in the middle of a batch. */
import assert from 'node:assert/strict'
import { SMALL } from '../../src/bench/requeue/scene.ts'
import { type NodeProcess, SAMPLE_PAGE, startServing } from '../../src/cli/serve/serving.ts'
import { few } from '../exhaustive.ts'

const REPETITIONS = few(1, 3)

/** As long as a machine that tests much else at once may take for a page. */
const LONG_MS = 120_000

Deno.test('a query whose node is killed in mid-batch is answered by the other, or told why not', async () => {
  const page = await Deno.readFile(SAMPLE_PAGE)
  const serving = await startServing(undefined, { variants: SMALL })
  const nodes = new Map<string, NodeProcess>()
  const add = async (name: string) => void nodes.set(name, await serving.addNode(name))
  try {
    await Promise.all([add('a'), add('b')])
    for (let i = 0; i < REPETITIONS; i++) {
      const query = fetch(`${serving.url}/v1/pipelines/ocr/infer`, {
        method: 'POST',
        headers: { 'content-type': 'image/jpeg', 'x-request-timeout-ms': `${LONG_MS}` },
        body: page,
      })
      let victim: NodeProcess | undefined
      let answered = false
      const settled = query.finally(() => answered = true)
      while (victim === undefined) {
        if (answered) assert.fail(`answered before it ran: ${(await settled).status}`)
        await new Promise((done) => setTimeout(done, 1))
        const busy = serving.pool.nodes().find(({ id }) => serving.pool.batchesOn(id) > 0)
        victim = nodes.get(busy?.name ?? '')
      }
      victim.kill()
      const response = await query
      const body = await response.json()
      assert.equal(response.status, 200, JSON.stringify(body))
      const last = body.stages.at(-1)
      assert.notEqual(last.node, victim.name, 'the dead node finished nothing after its end')
      await victim.ended
      nodes.delete(victim.name)
      await add(`${victim.name}${i}`)
    }
  } finally {
    await serving.end()
  }
})

Deno.test('when the only node is killed the query gets an error with a reason by its deadline', async () => {
  const page = await Deno.readFile(SAMPLE_PAGE)
  const serving = await startServing(undefined, { variants: SMALL })
  try {
    const node = await serving.addNode('only')
    const ask = (timeoutMs: number) =>
      fetch(`${serving.url}/v1/pipelines/ocr/infer`, {
        method: 'POST',
        headers: { 'content-type': 'image/jpeg', 'x-request-timeout-ms': `${timeoutMs}` },
        body: page,
      })
    const askedMs = performance.now()
    const first = await ask(LONG_MS)
    assert.equal(first.status, 200, await first.text())
    // A deadline that this machine can keep is taken, and the query waits until then for a node.
    const query = ask(6000 + Math.round(4 * (performance.now() - askedMs)))
    let answered = false
    const settled = query.finally(() => answered = true)
    while (serving.pool.nodes().every(({ id }) => serving.pool.batchesOn(id) === 0)) {
      if (answered) assert.fail(`answered before it ran: ${(await settled).status}`)
      await new Promise((done) => setTimeout(done, 1))
    }
    node.kill()
    const response = await query
    const { reason, error } = await response.json()
    assert.ok([502, 503, 504].includes(response.status), `${response.status}`)
    assert.ok(['node_failed', 'no_capable_node', 'deadline_exceeded'].includes(reason), reason)
    assert.match(error, /^Cannot /)
    await node.ended
    const { pipelines } = serving.pool.stats()
    assert.equal(pipelines['ocr']?.inFlight, 0)
    assert.deepEqual(pipelines['ocr']?.queued, { detect: 0, recognise: 0 })
  } finally {
    await serving.end()
  }
})
