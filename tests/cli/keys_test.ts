/** Keys from outside: made, listed, taken back, asked for by a coordinator that lets others in. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { startCoordinator } from '../../src/cli/serve/coordinator.ts'
import { startLocalNodes } from '../../src/cli/serve/local_nodes.ts'
import { ROOT } from '../../src/cli/root.ts'
import { createKeyring, makeKey } from '../../src/coordinator/core/keys.ts'
import { followKeys } from '../../src/cli/serve/keys_file.ts'
import { startKeys } from '../../src/cli/serve/keys.ts'
import { inFolder, oneModel } from './own_scene.ts'
import { said } from '../said.ts'

async function run(command: string, ...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ['run', '-A', '--no-check', join(ROOT, 'src', 'cli', `${command}.ts`), ...args],
    // Whatever this machine has set for its own coordinator.
    env: { SHOAL_TOKEN: '', SHOAL_KEYS: '' },
    stdin: 'null',
  }).output()
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim()
  return { code, stdout: text(stdout), stderr: said(stderr) }
}

Deno.test('keys add shows a key once and keeps its hash; list and remove know it by name', async () => {
  const dir = await Deno.makeTempDir()
  const file = join(dir, 'keys.json')
  const keys = (...args: string[]) => run('keys', ...args, '--keys', file)
  const added = await keys('add', '--role', 'client', '--name', 'scanner', '--rate', '5')
  assert.equal(added.code, 0, added.stderr)
  assert.match(added.stdout, /^shoal_client_[\w-]{43}$/)
  const text = await Deno.readTextFile(file)
  assert.ok(!text.includes(added.stdout))
  assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600)
  const ring = createKeyring()
  const complaints: string[] = []
  const stop = await followKeys(file, [], ring, (line) => complaints.push(line))
  assert.deepEqual([ring.find(added.stdout)?.name, ring.find(added.stdout)?.ratePerS], [
    'scanner',
    5,
  ])

  assert.match((await keys('list')).stdout, /^client\tscanner\tsince /)
  const twice = await keys('add', '--role', 'node', '--name', 'scanner')
  assert.deepEqual([twice.code, twice.stdout], [1, ''])
  for (
    const args of [['add', '--name', 'x'], ['add', '--role', 'king', '--name', 'x'], ['x'], [
      'remove',
      '--name',
      'nobody',
    ]]
  ) assert.equal((await keys(...args)).code, 1, args.join(' '))

  // A coordinator that runs takes notice.
  const changed = new Promise<void>((done) => ring.onChange(done))
  assert.equal((await keys('remove', '--name', 'scanner')).code, 0)
  await changed
  assert.equal(ring.find(added.stdout), undefined)
  stop()
  assert.deepEqual(complaints, [])
  await Deno.remove(dir, { recursive: true })
})

Deno.test('a role asks for a key after its last is removed, over a restart, until it is opened', async () => {
  const dir = await Deno.makeTempDir()
  const file = join(dir, 'keys.json')
  const keys = (...args: string[]) => run('keys', ...args, '--keys', file)
  await keys('add', '--role', 'client', '--name', 'scanner')
  const early = await keys('open', '--role', 'client')
  assert.deepEqual([early.code, /it has keys: remove scanner first/.test(early.stderr)], [1, true])
  const removed = await keys('remove', '--name', 'scanner')
  assert.match(removed.stderr, /^Nobody has a key of role client any more, and it asks for one on/)
  const asks = async () => {
    const ring = createKeyring()
    const stop = await followKeys(file, [], ring, () => {})
    stop()
    return ring.has('client')
  }
  assert.equal(await asks(), true)
  assert.equal((await keys('open', '--role', 'king')).code, 1)
  assert.equal((await keys('open', '--role', 'client')).code, 0)
  assert.equal(await asks(), false)
  await Deno.remove(dir, { recursive: true })
})

Deno.test('keys go into the file that start follows, where a variable names it', async () => {
  const dir = await Deno.makeTempDir()
  const file = join(dir, 'keys.json')
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...['run', '-A', '--no-check', join(ROOT, 'src', 'cli', 'keys.ts')],
      ...['add', '--role', 'client', '--name', 'by variable'],
    ],
    ...{ env: { SHOAL_KEYS: file }, stdin: 'null' },
  }).output()
  assert.equal(code, 0)
  const wish = { token: undefined, clientKey: undefined, adminKey: undefined, file }
  const { keyring, stop } = await startKeys(wish, '127.0.0.1', () => {})
  stop()
  assert.equal(keyring.find(new TextDecoder().decode(stdout).trim())?.name, 'by variable')
  await Deno.remove(dir, { recursive: true })
})

Deno.test('start says that a file of keys that it was told of is not there', async () => {
  const dir = await Deno.makeTempDir()
  const start = (file: string) => run('start', '--keys', join(dir, file), '--pipeline', '/nowhere')
  assert.match((await start('keyz.json')).stderr, /^there is no file of keys .*keyz\.json: until/)
  await run('keys', 'add', '--role', 'admin', '--name', 'a', '--keys', join(dir, 'keys.json'))
  assert.match((await start('keys.json')).stderr, /^Cannot use pipeline /)
  await Deno.remove(dir, { recursive: true })
})

Deno.test('keys that are added at the same time are all kept', async () => {
  const dir = await Deno.makeTempDir()
  const file = join(dir, 'keys.json')
  const names = ['a', 'b', 'c', 'd', 'e']
  const added = await Promise.all(
    names.map((name) => run('keys', 'add', '--role', 'client', '--name', name, '--keys', file)),
  )
  assert.deepEqual(added.map(({ code }) => code), names.map(() => 0))
  const ring = createKeyring()
  const stop = await followKeys(file, [], ring, () => {})
  assert.deepEqual(added.map(({ stdout }) => ring.find(stdout)?.name), names)
  stop()
  await Deno.remove(dir, { recursive: true })
})

Deno.test({
  name: 'keys that root changes stay with the user whose coordinator reads them',
  ignore: Deno.build.os === 'windows' || Deno.uid() !== 0,
  async fn() {
    const dir = await Deno.makeTempDir()
    const file = join(dir, 'keys.json')
    const keys = (...args: string[]) => run('keys', ...args, '--keys', file)
    const owner = async () => {
      const { uid, gid } = await Deno.stat(file)
      return [uid, gid]
    }
    await Deno.chown(dir, 1234, 1235)
    assert.equal((await keys('add', '--role', 'node', '--name', 'first')).code, 0)
    assert.deepEqual(await owner(), [1234, 1235], 'as the folder')
    await Deno.chown(file, 1236, 1237)
    assert.equal((await keys('remove', '--name', 'first')).code, 0)
    assert.deepEqual(await owner(), [1236, 1237], 'as the file before')
    await Deno.remove(dir, { recursive: true })
  },
})

Deno.test('a key that could not be read again, or not be written, is not made', async () => {
  const dir = await Deno.makeTempDir()
  const file = join(dir, 'keys.json')
  const add = (name: string, to: string) =>
    run('keys', 'add', '--role', 'client', '--name', name, '--keys', to)
  assert.equal((await add('first', file)).code, 0)
  // Letters that take two places each.
  const long = await add('\u{1d49c}'.repeat(33), file)
  assert.equal(long.code, 1)
  assert.match(long.stderr, /^Cannot use --name/)
  assert.match((await run('keys', 'list', '--keys', file)).stdout, /first/)
  // There can be no folder in a file.
  const nowhere = await add('second', join(file, 'in', 'keys.json'))
  assert.deepEqual([nowhere.code, nowhere.stdout], [1, ''])
  assert.match(nowhere.stderr, /^Cannot (keep|use) keys/)
  assert.doesNotMatch(nowhere.stderr, /\n\s+at /)
  assert.match((await run('keys', 'remove')).stderr, /^Cannot use --name/)
  await Deno.remove(dir, { recursive: true })
})

Deno.test('a damaged file of keys is no reason to open doors, or to close them, nor is one that is gone', async () => {
  const dir = await Deno.makeTempDir()
  const file = join(dir, 'keys.json')
  await Deno.writeTextFile(file, '{')
  const wish = { token: undefined, clientKey: undefined, adminKey: undefined, file }
  await assert.rejects(startKeys(wish, '127.0.0.1', () => {}), /Cannot use keys .*keys\.json/)

  await run('keys', 'add', '--role', 'admin', '--name', 'a', '--keys', join(dir, 'good.json'))
  const good = join(dir, 'good.json')
  let complained = Promise.withResolvers<string>()
  const { keyring, stop } = await startKeys(
    { ...wish, file: good },
    '127.0.0.1',
    (line) => complained.resolve(line),
  )
  await Deno.writeTextFile(good, 'no longer')
  assert.match(await complained.promise, /the keys stay as they are/)
  assert.ok(keyring.has('admin'))
  complained = Promise.withResolvers()
  await Deno.remove(good)
  assert.match(await complained.promise, /not there any more; the keys stay as they are/)
  assert.ok(keyring.has('admin'))
  stop()
  await Deno.remove(dir, { recursive: true })
})

Deno.test('a coordinator that others can reach wants a token, and says how', async () => {
  const file = join(await Deno.makeTempDir(), 'none.json')
  for (const host of ['0.0.0.0', '::', '192.0.2.7', 'pool.example']) {
    const { code, stderr, stdout } = await run('start', '--host', host, '--keys', file)
    assert.deepEqual([code, stdout], [1, ''], host)
    assert.match(
      stderr,
      /Cannot serve on .* without a token: .*--token shoal_node_.*deno\S* task keys add/,
    )
  }
  const wish = { token: 'a-token-of-twenty-ch', clientKey: undefined, adminKey: undefined, file }
  const { keyring, ownToken, joinToken, stop } = await startKeys(wish, '0.0.0.0', () => {})
  stop()
  assert.equal(joinToken, wish.token)
  for (const text of [wish.token, ownToken]) assert.equal(keyring.find(text)?.role, 'node')
  // This machine's own nodes close no door to others.
  const local = await startKeys({ ...wish, token: undefined }, '127.0.0.1', () => {})
  local.stop()
  assert.deepEqual([local.keyring.empty, local.keyring.has('node')], [true, false])
})

Deno.test('start shows no token to what is no terminal, as a journal is, and says where it is', () =>
  inFolder(oneModel, async (dir) => {
    const token = makeKey('node')
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        ...['run', '-A', '--no-check', join(ROOT, 'src', 'cli', 'start.ts'), '--port', '0'],
        ...['--nodes', '0', '--store', 'off', '--pipeline', dir],
      ],
      env: { SHOAL_TOKEN: token, SHOAL_KEYS: join(dir, 'none.json') },
      ...{ stdin: 'null', stdout: 'piped', stderr: 'piped' },
    }).spawn()
    const logged = new Response(child.stderr).text()
    let said = ''
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      said += text
      if (/joins with: .*\n/.test(said)) child.kill('SIGTERM')
    }
    await child.status
    assert.match(said, /^TOKEN, below, is what this was started with as --token or SHOAL_TOKEN$/m)
    assert.match(said, /joins with: .*--token TOKEN$/m)
    assert.ok(!(said + await logged).includes(token))
  }))

Deno.test('a short token is complained of, and one with a space refused', async () => {
  const wish = { token: 'from-env', clientKey: 'flag', adminKey: undefined }
  const said: string[] = []
  const file = join(await Deno.makeTempDir(), 'none.json')
  const { stop } = await startKeys({ ...wish, file }, '127.0.0.1', (line) => said.push(line))
  stop()
  assert.equal(said.length, 2)
  assert.match(said[0] ?? '', /--token has 8 characters and could be guessed/)
  await assert.rejects(startKeys({ ...wish, file, token: 'a b' }, '127.0.0.1', () => {}), /--token/)
})

Deno.test('nodes join with the token of a link, of a flag, of a variable; without it they say so and end', async () => {
  const file = join(await Deno.makeTempDir(), 'none.json')
  const token = makeKey('node')
  const wish = { token, clientKey: undefined, adminKey: undefined, file }
  const keys = await startKeys(wish, '127.0.0.1', () => {})
  const { keyring, ownToken } = keys
  const coordinator = startCoordinator({ pipelines: [], port: 0, keyring })
  const { url, pool } = coordinator
  const start = (address: string, env: Record<string, string>, ...args: string[]) =>
    new Deno.Command(Deno.execPath(), {
      args: ['run', '-A', '--no-check', join(ROOT, 'src/cli/node.ts'), '--join', address, ...args],
      env: { SHOAL_TOKEN: '', ...env },
      stdin: 'null',
      stdout: 'null',
      stderr: 'piped',
    }).spawn()
  const children = [
    start(`${url}/node#t=${token}`, {}, '--name', 'by link'),
    start(url, {}, '--name', 'by flag', '--token', token),
    start(url, { SHOAL_TOKEN: token }, '--name', 'by variable'),
  ]
  const local = startLocalNodes(url, 1, () => {}, ownToken)
  const without = await start(url, {}, '--name', 'without').output()
  assert.equal(without.code, 1)
  assert.match(new TextDecoder().decode(without.stderr), /Cannot join .*token is missing or wrong/)
  while (pool.nodes().length < 4) await new Promise((done) => setTimeout(done, 20))
  assert.deepEqual(
    pool.nodes().map(({ name }) => name).sort(),
    ['by flag', 'by link', 'by variable', 'local-1'],
  )
  for (const child of children) child.kill('SIGTERM')
  await Promise.all([local.stop(), ...children.map((child) => child.output())])
  keys.stop()
  await coordinator.close(100)
})
