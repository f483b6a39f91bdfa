/** A node without a checkout: from an empty home, with the network to the coordinator and no more. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { buildAssets } from '../../src/cli/build_assets.ts'
import { ROOT } from '../../src/cli/root.ts'
import { SAMPLE_PAGE, startServing } from '../../src/cli/serving.ts'
import type { NodeInfo, PipelineInfo } from '../../src/client/types.ts'
import { PROTOCOL_VERSION } from '../../src/protocol/mod.ts'

/** What a process prints, as far as it came, and a promise of the first words that fit. */
function follow(stream: Deno.ChildProcess['stdout']) {
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

async function startCoordinator(stamp: string, port: string) {
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

function startRemote(home: string, host: string) {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...['run', '--no-prompt', `--allow-net=${host}`, `http://${host}/node.js`],
      ...['--name', 'remote', '--slots', '1'],
    ],
    cwd: home,
    clearEnv: true,
    env: { HOME: home, DENO_DIR: `${home}/deno`, NO_COLOR: '1' },
    stdin: 'null',
    stdout: 'piped',
    stderr: 'null',
  }).spawn()
  const output = follow(child.stdout)
  return {
    output,
    async stop() {
      child.kill('SIGTERM')
      await output.ended
      return (await child.status).code
    },
  }
}

/** Reads the sample page once the only node holds everything. */
async function readSample(url: string): Promise<void> {
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

Deno.test('a machine without a checkout joins by URL, serves, and takes up a new build', async (t) => {
  const home = await Deno.makeTempDir()
  let coordinator = await startCoordinator('one', '0')
  const { host, port } = new URL(coordinator.url)
  const remote = startRemote(home, host)
  try {
    await t.step('it reads a page', () => readSample(coordinator.url))
    await t.step('a coordinator that comes back with another build gets that one', async () => {
      await coordinator.kill()
      coordinator = await startCoordinator('two', port)
      await remote.output.until(/the coordinator serves a newer build/)
      await readSample(coordinator.url)
    })
    await t.step('SIGTERM ends it with code 0', async () => {
      assert.equal(await remote.stop(), 0)
    })
    await t.step('what Deno keeps of the stub does not keep the old build', async () => {
      const again = startRemote(home, host)
      await readSample(coordinator.url)
      assert.equal(await again.stop(), 0)
    })
  } finally {
    await remote.stop().catch(() => {})
    await coordinator.kill()
    await Deno.remove(home, { recursive: true })
  }
})

Deno.test('an older node is told the command that mends it', async () => {
  const serving = await startServing([], { assets: await buildAssets() })
  const { host } = new URL(serving.url)
  const socket = new WebSocket(`ws://${host}/v1/link`)
  const closed = new Promise((done) => socket.onclose = done)
  const answer = new Promise<string>((done) => socket.onmessage = ({ data }) => done(data))
  socket.onopen = () => {
    const protocol = PROTOCOL_VERSION - 1
    socket.send(JSON.stringify({ type: 'hello', protocol, nodeId: 'old', epoch: 1 }))
  }
  const { reason, remedy } = JSON.parse(await answer)
  assert.equal(reason, 'protocol')
  assert.ok(remedy.includes(`deno run -r --allow-net=${host} http://${host}/node.js`), remedy)
  await closed
  await serving.end()
})
