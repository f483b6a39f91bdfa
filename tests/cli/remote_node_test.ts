/** A node without a checkout: from an empty home, with the network to the coordinator and no more. */
import assert from 'node:assert/strict'
import { buildAssets } from '../../src/cli/build_assets.ts'
import { SAMPLE_PAGE, startServing } from '../../src/cli/serving.ts'
import type { Serving } from '../../src/cli/serving.ts'
import { PROTOCOL_VERSION } from '../../src/protocol/mod.ts'

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
  let output = ''
  const read = (async () => {
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) output += text
  })()
  return {
    async stop() {
      child.kill('SIGTERM')
      const { code } = await child.status
      await read
      return { code, output }
    },
  }
}

async function untilFull({ pool, pipelines }: Serving): Promise<void> {
  const variants =
    pipelines.flatMap(({ pipeline }) =>
      Object.values(pipeline.tasks).flatMap((task) => Object.keys(task.variants))
    ).length
  while ((pool.nodes()[0]?.instances ?? 0) < variants) {
    await new Promise((done) => setTimeout(done, 20))
  }
}

async function readSample({ url }: Serving): Promise<number> {
  const response = await fetch(`${url}/v1/pipelines/ocr/infer`, {
    method: 'POST',
    headers: { 'content-type': 'image/jpeg', 'x-request-timeout-ms': '60000' },
    body: await Deno.readFile(SAMPLE_PAGE),
  })
  const { outputs } = await response.json()
  assert.ok(outputs.lines.length > 5)
  return response.status
}

Deno.test('a machine without a checkout joins by URL, serves, and picks up a new build', async () => {
  const home = await Deno.makeTempDir()
  let serving = await startServing(undefined, { assets: await buildAssets({ stamp: 'one' }) })
  const { host, port } = new URL(serving.url)
  const remote = startRemote(home, host)
  try {
    await untilFull(serving)
    assert.equal(await readSample(serving), 200)
    await serving.end()

    // The same address, another build; the node is not started again.
    const assets = await buildAssets({ stamp: 'two' })
    serving = await startServing(undefined, { assets, port: Number(port) })
    const build = JSON.parse(assets.get('/node/build.json')!.body as string).node
    await untilFull(serving)
    assert.equal(await readSample(serving), 200)
    const { code, output } = await remote.stop()
    assert.equal(code, 0)
    assert.match(output, /a newer build/)
    const kept = await Array.fromAsync(Deno.readDir(`${home}/deno/remote`)).catch(() => [])
    assert.ok(kept.length > 0, build)
  } finally {
    await remote.stop().catch(() => {})
    await serving.end()
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
