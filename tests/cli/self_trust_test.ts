/** Nodes join over a certificate that the coordinator made itself by the command that it prints. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { join } from 'node:path'
import { COMMAND, ROOT } from '../../src/cli/root.ts'
import { startCoordinator } from '../../src/cli/serve/coordinator.ts'
import { joinLines } from '../../src/cli/serve/join_lines.ts'
import { ownAddresses } from '../../src/cli/serve/own_hosts.ts'
import { readTls, type Tls } from '../../src/cli/serve/tls.ts'

async function withTls(work: (tls: Tls, dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir()
  try {
    await work((await readTls({ tls: 'self' }, ['localhost'], dir))!, dir)
  } finally {
    await Deno.remove(dir, { recursive: true })
  }
}

const startNode = (args: string[], env: Record<string, string>) =>
  new Deno.Command(Deno.execPath(), {
    args: ['run', '-A', '--no-check', join(ROOT, 'src/cli/node.ts'), ...args, '--slots', '1'],
    ...{ env, stdin: 'null', stdout: 'null', stderr: 'piped' },
  }).spawn()

Deno.test('with --tls self a node joins by the command printed, and is told of it where it did not', async () => {
  await withTls(async (tls) => {
    const coordinator = startCoordinator({ pipelines: [], port: 0, tls })
    const { url, pool } = coordinator
    const printed = joinLines(url, '127.0.0.1', [], tls).join('\n')
    const [, file = '', args = ''] = new RegExp(
      `^another node on this machine joins with: DENO_CERT=(\\S+) ${COMMAND} node (.*)$`,
      'm',
    )
      .exec(printed) ?? []
    equal(await Deno.readTextFile(file), tls.cert)
    const trusting = startNode(args.split(' '), { DENO_CERT: file })
    const plain = startNode(args.split(' '), {})
    try {
      const said = plain.stderr.pipeThrough(new TextDecoderStream()).getReader()
      let text = ''
      // Deno itself may speak first, of a lock that another process holds.
      while (!/UnknownIssuer.*\n/.test(text)) {
        const { value, done } = await said.read()
        if (done) break
        text += value
      }
      match(text, /UnknownIssuer.*copy its .shoal\/tls\/self\.pem .*DENO_CERT=self\.pem/)
      said.releaseLock()
      while (pool.nodes().length === 0) await new Promise((done) => setTimeout(done, 20))
    } finally {
      for (const child of [trusting, plain]) child.kill('SIGTERM')
      await Promise.all([trusting.output(), plain.status])
      await coordinator.close(100)
    }
  })
})

Deno.test({
  name:
    'with --tls self a machine with nothing but the line that is printed trusts this certificate alone',
  ignore: Deno.build.os === 'windows',
  fn: () =>
    withTls(async (tls) => {
      const program = "console.log((await fetch(new URL('/v2', import.meta.url))).status)"
      const assets = new Map([['/node.js', { body: program, type: 'text/javascript' }]])
      const other = (await readTls({ tls: 'self' }, ['localhost'], await Deno.makeTempDir()))!
      const [mine, foreign] = [tls, other].map((tls) =>
        startCoordinator({ pipelines: [], port: 0, tls, assets })
      )
      const dir = await Deno.makeTempDir()
      // Deno as this test runs in, under the name that the line has.
      await Deno.symlink(Deno.execPath(), join(dir, 'deno'))
      const env = { PATH: `${dir}:${Deno.env.get('PATH')}` }
      const follow = (line: string) =>
        new Deno.Command('sh', { args: ['-c', line], cwd: dir, env, stdin: 'null' }).output()
      const line = joinLines(mine!.url, '127.0.0.1', [], tls)
        .map((line) => / joins by (.*)$/.exec(line)?.[1]).find((line) => line !== undefined)!
      const { success, stdout, stderr } = await follow(line)
      ok(success, new TextDecoder().decode(stderr))
      equal(new TextDecoder().decode(stdout), '200\n')
      // Whoever stands in between has another.
      const port = (url: string) => new URL(url).port
      const elsewhere = await follow(line.replaceAll(port(mine!.url), port(foreign!.url)))
      equal(elsewhere.success, false)
      match(new TextDecoder().decode(elsewhere.stderr), /certificate/)
      await Promise.all([mine!.close(100), foreign!.close(100)])
    }),
})

Deno.test('a token that must not be shown stands nowhere, and where it is found does', () => {
  const tokenIs = 'what this was started with'
  const lines = joinLines('http://localhost:8787', '127.0.0.1', [], undefined, {
    ...{ token: undefined, tokenIs },
  })
  equal(lines[0], `TOKEN, below, is ${tokenIs}`)
  match(lines.at(-1)!, / --token TOKEN$/)
})

Deno.test('a certificate made before has its copy, too, and keeps its key to its owner', async () => {
  await withTls(async ({ cert, file }, dir) => {
    await Deno.remove(file!)
    const again = await readTls({ tls: 'self' }, ['localhost'], dir)
    equal(again?.cert, cert)
    equal(await Deno.readTextFile(file!), cert)
    ok(!cert.includes('PRIVATE KEY'))
    if (Deno.build.os === 'windows') return
    equal((await Deno.stat(join(dir, 'self.json'))).mode! & 0o777, 0o600)
  })
})

Deno.test('other devices are told an address that they reach, and the token', () => {
  const lines = joinLines('http://localhost:8787', '0.0.0.0', [], undefined, { token: 'secret' })
  const away = ownAddresses().find((one) => !one.includes(':'))
  // A machine off every network has none to tell.
  const shown = away === undefined ? 'localhost' : away
  equal(
    lines.at(-1),
    `another device joins with: ${COMMAND} node --join http://${shown}:8787 --token secret`,
  )
  const named = joinLines('http://localhost:8787', '127.0.0.1', ['pool.example'], undefined)
  match(named.at(-1)!, /^another device joins with: .*--join http:\/\/pool\.example:8787$/)
  const self: Tls = { ...{ cert: '', key: '', self: true, fingerprint: 'AB' }, file: '/a b/c.pem' }
  match(
    joinLines('https://192.0.2.7:8787', '192.0.2.7', [], self).at(-1)!,
    /: DENO_CERT=self\.pem .*deno\S* task node --join https:\/\/192\.0\.2\.7:8787 {2}self\.pem is a copy of '\/a b\/c\.pem'$/,
  )
})

Deno.test({
  name: 'a token of any characters comes out of a shell as it is',
  ignore: Deno.build.os === 'windows',
  async fn() {
    const token = `it's $HOME;&"\\x`.replaceAll(' ', '')
    const lines = joinLines('http://localhost:8787', '127.0.0.1', [], undefined, { token })
    for (const line of lines) {
      const option = / --token (.*)$/.exec(line)?.[1]
      if (option === undefined) continue
      const { stdout } = await new Deno.Command('sh', { args: ['-c', `printf %s ${option}`] })
        .output()
      equal(new TextDecoder().decode(stdout), token)
    }
    equal(lines.filter((line) => line.includes(' --token ')).length, 2)
  },
})

Deno.test({
  name: 'commands for an address of IPv6 come through shells that would match brackets to files',
  ignore: Deno.build.os === 'windows',
  async fn() {
    const url = 'https://[2001:db8::7]:8787'
    const self: Tls = {
      ...{ cert: 'first\na\nb\nlast\n', key: '', self: true, fingerprint: 'AB' },
      file: '/c.pem',
    }
    const lines = joinLines(url, '2001:db8::7', [], self, { token: 'secret' })
    const words = async (start: RegExp, end = /$/) => {
      const line = lines.find((one) => start.test(one))!
      const command = line.slice(line.search(start)).split(end)[0]!
      const { code, stdout } = await new Deno.Command('bash', {
        args: ['-O', 'failglob', '-c', `printf '%s\\n' ${command}`],
      }).output()
      equal(code, 0, command)
      return new TextDecoder().decode(stdout).trim().split('\n')
    }
    deepEqual((await words(/printf/, / >/)).slice(2), ['first', 'ab', 'last'])
    deepEqual(await words(/deno run/), [
      ...['deno', 'run', '-r', '--cert', 'shoal.pem'],
      ...['--allow-net=[2001:db8::7]:8787', `${url}/node.js`, '--token', 'secret'],
    ])
    deepEqual(
      (await words(/deno\S* task node/, / {2}/)).slice(3),
      ['--join', url, '--token', 'secret'],
    )
  },
})
