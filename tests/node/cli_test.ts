import { equal, match } from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { load, PAGES, PIPELINE, readModel, servedFrom, SMALL_DETECTOR } from './fixture.ts'
import { startTestCoordinator } from './coordinator.ts'
import { said } from '../said.ts'

const ENTRY = fileURLToPath(new URL('../../src/cli/node.ts', import.meta.url))

function spawn(args: string[], env: { [name: string]: string } = {}) {
  return new Deno.Command(Deno.execPath(), {
    args: ['run', '-A', '--no-prompt', ENTRY, ...args],
    stdin: 'null',
    stdout: 'piped',
    stderr: 'piped',
    env,
  }).spawn()
}

Deno.test('node command joins with the token of the link, keeps its id, leaves on a signal', async () => {
  const coordinator = startTestCoordinator(await servedFrom(PIPELINE, {}))
  const kept = await Deno.makeTempDir()
  const join = async () => {
    const link = `${coordinator.url}/node#t=secret`
    const child = spawn(['--join', link, '--name', 'a b', '--slots', '2'], { SHOAL_CACHE: kept })
    const peer = await coordinator.nextPeer()
    peer.send({ type: 'ping', n: 1 })
    await peer.take('pong')
    child.kill('SIGTERM')
    equal((await peer.take('bye')).message.reason, 'SIGTERM')
    const { code, stdout } = await child.output()
    equal(code, 0)
    match(new TextDecoder().decode(stdout), /^joining .*\njoined\n(.*\n)*left\n$/)
    return peer.hello
  }
  const first = await join()
  equal(first.token, 'secret')
  equal(first.name, 'a b')
  equal(first.slots, 2)
  const second = await join()
  equal(second.nodeId, first.nodeId)
  equal(second.epoch, first.epoch + 1)
  await coordinator.close()
  await Deno.remove(kept, { recursive: true })
})

Deno.test('node command ends with one line and code 1 when it is refused', async () => {
  const coordinator = startTestCoordinator(await servedFrom(PIPELINE, {}))
  coordinator.greet = (peer) => {
    peer.send({ type: 'refuse', reason: 'protocol', message: 'I speak 2', remedy: 'git pull' })
    peer.close(4426)
  }
  const { code, stderr } = await spawn(['--join', coordinator.url]).output()
  equal(code, 1)
  match(
    said(stderr),
    /^Cannot join http:\S+: I speak 2\. What to do: git pull\n$/,
  )
  await coordinator.close()
})

Deno.test('node command names what it cannot use', async () => {
  const cases: [string[], RegExp][] = [
    [[], /--join URL is missing/],
    [['--join', 'nowhere'], /must be an address/],
    [['--join', 'http://x/pool/'], /Cannot join http:\/\/x\/pool\/: .* the root of the host/],
    [['--join', 'http://x', '--duty', '2'], /--duty/],
    [['--join', 'http://x', '--watts', '80,20'], /--watts/],
    [['--join', 'http://x', '--watts', '20'], /--watts/],
    [['--join', 'http://x', '--watts', '20,2000'], /--watts/],
    [['--join', 'http://x', '--backend', 'cuda'], /must be auto, wasm, webgpu or native/],
    [['--join', 'http://x', '--gpu', 'maybe'], /--gpu/],
    [['--join', 'http://x', '--backend', 'webgpu', '--gpu', 'off'], /the GPU is not to be used/],
  ]
  await Promise.all(cases.map(async ([args, says]) => {
    const { code, stderr } = await spawn(args).output()
    equal(code, 1)
    match(said(stderr), says)
  }))
})

Deno.test('node command needs no more than the network and its own files to serve', async () => {
  const det = await readModel('ch_PP-OCRv4_det_infer.onnx')
  const coordinator = startTestCoordinator(await servedFrom(PAGES, { det }))
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      'run',
      '--no-prompt',
      `--allow-net=${new URL(coordinator.url).host}`,
      `--allow-read=${fileURLToPath(new URL('../../', import.meta.url))}`,
      ENTRY,
      '--join',
      coordinator.url,
      '--slots',
      '1',
    ],
    stdin: 'null',
    stdout: 'null',
    stderr: 'inherit',
  }).spawn()
  try {
    const peer = await coordinator.nextPeer()
    await load(peer, SMALL_DETECTOR)
    child.kill('SIGTERM')
    await peer.take('bye')
    equal((await child.status).code, 0)
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  } finally {
    await coordinator.close()
  }
})
