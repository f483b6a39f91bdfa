/**
 * The container images, built without a network on a base of this machine's own Deno and libraries,
 * and run: their size, their user, an answer through both, and how they end.
 */
import { equal, match, ok } from 'node:assert/strict'
import { basename, join } from 'node:path'
import { ROOT } from '../../src/cli/root.ts'
import { ofAll } from '../exhaustive.ts'
import { follow } from './coordinator_process.ts'

const MOST_BYTES = 300e6

async function has(tool: string): Promise<boolean> {
  try {
    return (await new Deno.Command(tool, { args: ['--version'], stdout: 'null' }).output()).success
  } catch {
    return false
  }
}

async function missing(): Promise<string | undefined> {
  if (Deno.build.os !== 'linux' || Deno.uid() !== 0) return 'they are built as root on Linux'
  for (const tool of ['buildah', 'podman']) if (!await has(tool)) return `there is no ${tool}`
  return undefined
}

/** @throws Error with what it said where it fails */
async function run(command: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, cwd: ROOT }).output()
  const [said, complaint] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes))
  ok(success, `${command} ${args.join(' ')}: ${complaint}`)
  return said!.trim()
}

/** Deno and what it is linked with, and nothing else. */
async function makeBase(buildah: (...args: string[]) => Promise<string>): Promise<string> {
  const container = await buildah('from', 'scratch')
  const deno = Deno.execPath()
  await buildah('copy', '--chmod', '755', container, deno, '/usr/local/bin/deno')
  for (const [, path] of (await run('ldd', deno)).matchAll(/(\/\S+) \(0x/g)) {
    // The loader has its path in the program; the others are looked for by name.
    const isLoader = basename(path!).startsWith('ld-')
    const real = await Deno.realPath(path!)
    await buildah('copy', container, real, isLoader ? path! : `/usr/lib/${basename(path!)}`)
  }
  await buildah('config', '--env', 'PATH=/usr/local/bin', container)
  await buildah('commit', '--rm', container, 'base')
  return 'localhost/base'
}

const lacking = await missing()
const SAMPLE = join(ROOT, 'demo', 'samples', 'shelf')

Deno.test(ofAll({
  name: 'the images are small, run as nobody, answer together and drain when told to end' +
    (lacking === undefined ? '' : ` (skipped: ${lacking})`),
  ignore: lacking !== undefined,
  async fn() {
    const dir = await Deno.makeTempDir()
    const storage = ['--root', join(dir, 'root'), '--runroot', join(dir, 'run')]
    const buildah = (...args: string[]) => run('buildah', ...storage, ...args)
    const podman = (...args: string[]) => run('podman', ...storage, ...args)
    const truth = await Deno.readTextFile(`${SAMPLE}.txt`)
    const tags = [...truth.matchAll(/^tag (\d+) /gm)].map(([, text]) => text!)
    const { denoDir } = JSON.parse(await run(Deno.execPath(), 'info', '--json'))
    // Others may not have more open files and processes than this one.
    const limits = (await run('bash', '-c', 'ulimit -Sn; ulimit -Hn; ulimit -Su; ulimit -Hu'))
      .split('\n')
    const least = [
      ...['--ulimit', `nofile=${limits[0]}:${limits[1]}`],
      ...['--ulimit', `nproc=${limits[2]}:${limits[3]}`],
    ]
    // The usual runtime refuses machines that have both kinds of control groups.
    const runtime = await has('runc') ? ['--runtime', 'runc'] : []
    try {
      const base = await makeBase(buildah)
      for (const target of ['coordinator', 'node']) {
        await buildah(
          ...['build', '--isolation', 'chroot', '--layers', '--pull=never', ...least],
          ...['--volume', `${denoDir}:/deno-dir`, '--build-arg', `BASE=${base}`],
          ...['-f', 'docs/deploy/Containerfile', '--target', target, '-t', `shoal-${target}`, '.'],
        )
        const told = await podman('image', 'inspect', `shoal-${target}`)
        const [{ Size: bytes, Config: { User: user } }] = JSON.parse(told)
        equal(user, '10001:10001')
        console.log(`shoal-${target}: ${(bytes / 1e6).toFixed(0)} MB`)
        ok(bytes < MOST_BYTES, `shoal-${target} has ${bytes} bytes`)
      }

      const start = (image: string, ...args: string[]) =>
        new Deno.Command('podman', {
          args: [
            ...[...storage, ...runtime, 'run', '--rm', '--network', 'host', '--read-only'],
            ...[...least, '--cap-drop', 'all', '--security-opt', 'no-new-privileges'],
            ...[`shoal-${image}`, ...args],
          ],
          ...{ stdin: 'null', stdout: 'piped', stderr: 'piped' },
        }).spawn()

      const open = await start('coordinator').output()
      equal(open.code, 1)
      const complaint = new TextDecoder().decode(open.stderr)
      match(complaint, /^Cannot serve on 0\.0\.0\.0 without a token/m)

      const coordinator = start('coordinator', '--host', '127.0.0.1', '--port', '0', '--nodes', '0')
      const said = follow(coordinator.stdout)
      const url = await said.until(/http:\/\/localhost:\d+/)
      await said.until(/joins with/)
      const node = start('node', '--join', url, '--slots', '1')
      await follow(node.stdout).until(/joined/)
      const answer = await fetch(`${url}/v1/pipelines/shelf/infer`, {
        method: 'POST',
        headers: { 'content-type': 'image/jpeg', 'x-request-timeout-ms': '60000' },
        body: await Deno.readFile(`${SAMPLE}.jpg`),
      })
      equal(answer.status, 200, await answer.clone().text())
      const { outputs } = await answer.json()
      const read = new Set(outputs.prices.map(({ text }: { text: string }) => text))
      const right = tags.filter((text) => read.has(text))
      ok(right.length >= 0.6 * tags.length, `${[...read]} is read of ${tags}`)

      for (const child of [node, coordinator]) {
        child.kill('SIGTERM')
        const complaint = await new Response(child.stderr).text()
        equal((await child.status).code, 0, complaint)
      }
    } finally {
      await podman('system', 'reset', '--force').catch(() => {})
      await Deno.remove(dir, { recursive: true }).catch(() => {})
    }
  },
}))
