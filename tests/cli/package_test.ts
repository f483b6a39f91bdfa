/** The packed package on a machine with Node alone: its commands from an empty folder. */
import { equal, match, ok } from 'node:assert/strict'
import { basename, dirname, join } from 'node:path'
import { ROOT } from '../../src/cli/root.ts'
import { TESTED_DENO } from '../../src/cli/deno_version.ts'
import { isAll } from '../exhaustive.ts'

const hasNpm = await new Deno.Command('npm', { args: ['--version'], stdout: 'null' }).output()
  .then(({ success }) => success, () => false)

/** What `npm install` of the package makes, of packages that are here already. */
async function install(into: string): Promise<string> {
  const { stdout } = await new Deno.Command('npm', {
    args: ['pack', '--silent', '--pack-destination', into],
    cwd: ROOT,
  }).output()
  const packed = join(into, new TextDecoder().decode(stdout).trim())
  await new Deno.Command('tar', { args: ['-xzf', packed, '-C', into] }).output()
  const modules = join(into, 'node_modules')
  await Deno.mkdir(modules)
  await Deno.rename(join(into, 'package'), join(modules, 'shoal'))
  const { dependencies, peerDependencies } = JSON.parse(
    await Deno.readTextFile(join(modules, 'shoal', 'package.json')),
  )
  equal(peerDependencies.deno, TESTED_DENO)
  for (const name of Object.keys(dependencies)) {
    await Deno.mkdir(dirname(join(modules, name)), { recursive: true })
    await Deno.symlink(await Deno.realPath(join(ROOT, 'node_modules', name)), join(modules, name))
  }
  await Deno.mkdir(join(modules, 'deno'))
  await Deno.symlink(Deno.execPath(), join(modules, 'deno', basename(Deno.execPath())))
  return join(modules, 'shoal', 'bin', 'shoal.mjs')
}

/** What a process says until it says `what`; the rest is read and dropped. */
async function until({ stdout }: Deno.ChildProcess, what: string): Promise<string> {
  const said = stdout.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (!text.includes(what)) {
    const { value, done } = await said.read()
    ok(!done, `it ended: ${text}`)
    text += value
  }
  void (async () => {
    while (!(await said.read()).done);
  })()
  return text
}

/** The node, once it has joined and a picture was read. */
async function joinAndAsk(command: Deno.Command, url: string): Promise<Deno.ChildProcess> {
  const node = command.spawn()
  await until(node, 'joined')
  const answer = await fetch(`${url}/v1/pipelines/shelf/infer`, {
    method: 'POST',
    headers: { 'content-type': 'image/jpeg', 'x-request-timeout-ms': '60000' },
    body: await fetch(`${url}/samples/shelf.jpg`).then((sample) => sample.bytes()),
  })
  equal(answer.status, 200, await answer.clone().text())
  ok((await answer.json()).outputs !== undefined)
  return node
}

Deno.test({
  name: 'the packed package runs from an empty folder without a checkout',
  ignore: !hasNpm || Deno.build.os === 'windows',
  async fn() {
    const dir = await Deno.makeTempDir()
    const file = await install(dir)
    const cwd = join(dir, 'empty')
    await Deno.mkdir(cwd)
    const shoal = (...args: string[]) =>
      new Deno.Command('node', {
        args: [file, ...args],
        cwd,
        clearEnv: true,
        env: { PATH: Deno.env.get('PATH')!, HOME: join(dir, 'home') },
        stdin: 'null',
        stdout: 'piped',
        stderr: 'piped',
      })
    const help = await shoal().output()
    match(new TextDecoder().decode(help.stdout), /^ {2}start {8}/m)
    const wrong = await shoal('serve').output()
    equal(wrong.code, 1)
    match(new TextDecoder().decode(wrong.stderr), /^Cannot run serve: there is no such command/)

    const pipeline = join(dir, 'node_modules', 'shoal', 'profiles', 'shelf')
    const coordinator = shoal('start', '--port', '0', '--nodes', '0', '--pipeline', pipeline)
      .spawn()
    const said = coordinator.stdout.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    for (let more = await said.read(); !more.done; more = await said.read()) {
      text += more.value
      if (/joins with/.test(text)) break
    }
    match(text, /another node on this machine joins with: shoal node --join /)
    const url = /http:\/\/localhost:\d+/.exec(text)![0]
    // As whoever has no checkout gets them.
    for (const path of ['/samples/shelf.jpg', '/node.js']) {
      const response = await fetch(url + path)
      equal(response.status, 200, path)
      await response.body?.cancel()
    }
    const children = [coordinator]
    if (isAll) children.unshift(await joinAndAsk(shoal('node', '--join', url, '--slots', '1'), url))
    ok((await Deno.stat(join(cwd, '.shoal'))).isDirectory)

    for (const child of children) {
      child.kill('SIGTERM')
      equal((await child.status).code, 0)
      await child.stderr.cancel()
    }
    await Deno.remove(dir, { recursive: true })
  },
})
