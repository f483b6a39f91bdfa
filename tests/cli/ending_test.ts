/** `deno task start` is asked to end as terminals and service managers do: a query inside is answered. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { createEnding } from '../../src/cli/ending.ts'
import { ROOT } from '../../src/cli/root.ts'
import { USUAL } from '../../src/cli/serve/serving.ts'
import { ocrFolder } from './ocr_folder.ts'
import { startProcess } from './started.ts'

/** A start in a process group of its own, with its node and a query inside. */
async function startAsked() {
  const dir = await ocrFolder(USUAL)
  const { child, url, logged, ended } = await startProcess(
    ['--store', 'off', '--pipeline', dir],
    ['setsid'],
  )
  const answer = fetch(`${url}/v1/pipelines/ocr/infer`, {
    method: 'POST',
    headers: { 'content-type': 'image/jpeg', 'x-request-timeout-ms': '60000' },
    body: await Deno.readFile(join(ROOT, 'demo', 'samples', 'page.jpg')),
  }).then(async (response) => [response.status, await response.json()] as const)
  for (let inFlight = 0; inFlight === 0;) {
    const { pipelines } = await (await fetch(`${url}/v1/stats`)).json()
    inFlight = pipelines.ocr.inFlight
  }
  return {
    pid: child.pid,
    said: logged,
    async ended() {
      const [[status, { outputs }], code] = await Promise.all([
        answer.catch((error: Error) => [0, { outputs: error.message }] as const),
        ended(),
      ])
      await Deno.remove(dir, { recursive: true })
      return { status, lines: outputs?.lines?.length ?? 0, code }
    },
  }
}

const ignore = Deno.build.os !== 'linux'
const NEEDS = ignore ? ' (skipped: needs setsid of Linux)' : ''

Deno.test({
  name: `a Ctrl-C, which nodes are sent, too, leaves a query inside to be answered${NEEDS}`,
  ignore,
  async fn() {
    const { pid, ended } = await startAsked()
    await new Deno.Command('kill', { args: ['-INT', '--', `-${pid}`] }).output()
    const { status, lines, code } = await ended()
    assert.deepEqual([status, code], [200, 0])
    assert.ok(lines > 5)
  },
})

Deno.test({
  name: `a SIGTERM that comes twice at once, as of service managers, leaves it to be, too${NEEDS}`,
  ignore,
  async fn() {
    const { pid, said, ended } = await startAsked()
    Deno.kill(pid, 'SIGTERM')
    await said('stopping')
    Deno.kill(pid, 'SIGTERM')
    const { status, code } = await ended()
    assert.deepEqual([status, code], [200, 0])
  },
})

Deno.test('createEnding() tells the same wish from one of somebody in a hurry', () => {
  let atMs = 5000
  const told: string[] = []
  const end = createEnding((why: string) => told.push(why), () => told.push('hurry'), () => atMs)
  end('SIGTERM')
  atMs += 40
  end('SIGTERM')
  assert.deepEqual(told, ['SIGTERM'])
  atMs += 2000
  end('SIGINT')
  assert.deepEqual(told, ['SIGTERM', 'hurry'])
})
