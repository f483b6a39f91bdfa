/** What benchmarks wait for may never come, and what was refused is no answer: they say so. */
import { equal, rejects } from 'node:assert/strict'
import { join } from 'node:path'
import { capacityOf } from '../../src/bench/chaos/chaos.ts'
import { startChaosScene } from '../../src/bench/chaos/scene.ts'
import { spawnTelling } from '../../src/bench/child.ts'
import { alone } from '../../src/bench/shared/shared.ts'
import { SAMPLE_PAGE, startServing } from '../../src/cli/serve/serving.ts'

Deno.test('a coordinator that ends before it serves is not waited for', async () => {
  const dir = await Deno.makeTempDir()
  try {
    const file = join(dir, 'ends.ts')
    await Deno.writeTextFile(file, "console.log('Cannot listen: the port is taken')")
    const { said } = spawnTelling([file])
    equal(await said(/^Cannot listen/), 'Cannot listen: the port is taken')
    await rejects(said(/^serving on/), /it ended\. Cannot listen/)
  } finally {
    await Deno.remove(dir, { recursive: true })
  }
})

Deno.test('queries without a result are not what a pool carries, and a node that ended is not back', async () => {
  const scene = await startChaosScene()
  try {
    await rejects(capacityOf(scene), /was answered 503 no_capable_node/)
    const { child } = await scene.addNode('a')
    const back = scene.isBack('a', true)
    child.kill('SIGKILL')
    await rejects(back, /Cannot use node a: it ended/)
  } finally {
    await scene.end()
  }
})

Deno.test('what is refused at once is not how quickly a pool answers', async () => {
  const coordinator = await startServing()
  try {
    const bodies = [{ bytes: await Deno.readFile(SAMPLE_PAGE), type: 'image/jpeg' }]
    const kind = { loaded: coordinator.pipelines[0]!, bodies }
    await rejects(alone({ coordinator }, kind, 0.1), /ocr was answered 503 no_capable_node/)
  } finally {
    await coordinator.end()
  }
})
