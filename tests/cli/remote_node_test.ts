/** A node without a checkout: from an empty home, with the network to the coordinator and no more. */
import assert from 'node:assert/strict'
import { buildAssets } from '../../src/cli/serve/build_assets.ts'
import { startServing } from '../../src/cli/serve/serving.ts'
import { PROTOCOL_VERSION } from '../../src/protocol/mod.ts'
import { follow, readSample, startCoordinator } from './coordinator_process.ts'
import { isAll } from '../exhaustive.ts'

function startRemote(home: string, host: string, ...flags: string[]) {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...['run', '--no-prompt', `--allow-net=${host}`, ...flags, `http://${host}/node.js`],
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

Deno.test('a machine without a checkout joins by URL, serves, and takes up a new build', async (t) => {
  const home = await Deno.makeTempDir()
  let coordinator = await startCoordinator('one', '0')
  const { host, port } = new URL(coordinator.url)
  const remote = startRemote(home, host)
  try {
    await t.step('it reads a page', () => readSample(coordinator.url))
    if (isAll) {
      await t.step('a coordinator that comes back with another build gets that one', async () => {
        await coordinator.kill()
        coordinator = await startCoordinator('two', port)
        await remote.output.until(/the coordinator serves a newer build/)
        await readSample(coordinator.url)
      })
    }
    await t.step('SIGTERM ends it with code 0', async () => {
      assert.equal(await remote.stop(), 0)
    })
    if (isAll) {
      await t.step('what Deno keeps of the loader does not keep the old build', async () => {
        const again = startRemote(home, host)
        await readSample(coordinator.url)
        assert.equal(await again.stop(), 0)
      })
    }
  } finally {
    await remote.stop().catch(() => {})
    await coordinator.kill()
    await Deno.remove(home, { recursive: true })
  }
})

Deno.test('a machine without a checkout keeps to half of its free memory where it may look', async () => {
  const home = await Deno.makeTempDir()
  const serving = await startServing([], { assets: await buildAssets() })
  const { host } = new URL(serving.url)
  try {
    for (
      const [flags, isTold] of [[[], false], [['--allow-sys=systemMemoryInfo'], true]] as const
    ) {
      const remote = startRemote(home, host, ...flags)
      while (serving.pool.nodes().length === 0) await new Promise((done) => setTimeout(done, 20))
      const { nodes } = await (await fetch(`${serving.url}/v1/nodes`)).json()
      assert.equal(nodes[0].memoryBytes > 0, isTold, flags.join())
      await remote.stop()
      while (serving.pool.nodes().length > 0) await new Promise((done) => setTimeout(done, 20))
    }
  } finally {
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
