/** Coordinators that a test can kill, each a process. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { ROOT } from '../../src/cli/root.ts'
import { SAMPLE_PAGE } from '../../src/cli/serve/serving.ts'
import type { NodeInfo, PipelineInfo } from '../../src/client/types.ts'

/** What a process prints, as far as it came, and a promise of the first words that fit. */
export function follow(stream: Deno.ChildProcess['stdout']) {
  let text = ''
  let look = () => {}
  const ended = (async () => {
    for await (const part of stream.pipeThrough(new TextDecoderStream())) {
      text += part
      look()
    }
  })()
  const until = (pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      look = () => {
        const found = pattern.exec(text)?.[0]
        if (found !== undefined) resolve(found)
      }
      look()
      ended.then(() => reject(new Error(`Cannot find ${pattern} in ${text}`)))
    })
  return { until, ended }
}

/** @param stamp tells its build from others of the same sources */
export async function startCoordinator(stamp: string, port: string) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ['run', '-A', '--no-check', join(ROOT, 'tests/cli/coordinator_child.ts'), stamp, port],
    stdin: 'null',
    stdout: 'piped',
  }).spawn()
  const output = follow(child.stdout)
  const url = await output.until(/http:\S+/)
  return {
    url,
    async kill() {
      child.kill('SIGKILL')
      await child.status
      await output.ended
    },
  }
}

/** Reads the sample page once the only node holds everything. */
export async function readSample(url: string): Promise<void> {
  const get = async (path: string) => await (await fetch(url + path)).json()
  const { pipelines } = await get('/v1/pipelines') as { pipelines: PipelineInfo[] }
  const variants = pipelines.flatMap(({ tasks }) =>
    Object.values(tasks).flatMap((task) => Object.keys(task.variants))
  )
  for (;;) {
    const { nodes } = await get('/v1/nodes') as { nodes: NodeInfo[] }
    if ((nodes[0]?.instances ?? 0) >= variants.length) break
    await new Promise((done) => setTimeout(done, 50))
  }
  const response = await fetch(`${url}/v1/pipelines/ocr/infer`, {
    method: 'POST',
    headers: { 'content-type': 'image/jpeg', 'x-request-timeout-ms': '60000' },
    body: await Deno.readFile(SAMPLE_PAGE),
  })
  const { outputs } = await response.json()
  assert.equal(response.status, 200)
  assert.ok(outputs.lines.length > 5)
}
