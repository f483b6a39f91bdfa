/** `deno task start` in a terminal that is closed. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { ROOT } from '../../src/cli/root.ts'
import { endsByItself } from './ends.ts'
import { makeKey } from '../../src/coordinator/core/keys.ts'
import { inFolder, ofEach, oneModel, writeFiles } from './own_scene.ts'

/** `script` of util-linux gives a command a terminal; that of others takes other options. */
const canOpen = Deno.build.os === 'linux' &&
  await new Deno.Command('script', { args: ['-V'], stdout: 'null', stderr: 'null' })
    .output().then(({ success }) => success, () => false)
const NEEDS = canOpen ? '' : ' (skipped: needs Linux and script of util-linux)'

Deno.test({
  name: `a start whose terminal is closed ends; a SIGHUP there reloads before${NEEDS}`,
  ignore: !canOpen,
  fn: () => inFolder(oneModel, closeTerminal),
})

async function closeTerminal(dir: string): Promise<void> {
  const token = makeKey('node')
  const start = [
    ...[Deno.execPath(), 'run', '-A', join(ROOT, 'src', 'cli', 'start.ts'), '--port', '0'],
    ...['--nodes', '0', '--pipeline', dir, '--token', token],
  ]
  // Its own output goes to the terminal, too.
  const terminal = new Deno.Command('script', {
    args: [
      '-qefc',
      `echo pid $$; exec ${start.map((part) => `'${part}'`).join(' ')}`,
      '/dev/null',
    ],
    ...{ stdin: 'piped', stdout: 'piped', stderr: 'null' },
  }).spawn()
  const lines = terminal.stdout.pipeThrough(new TextDecoderStream()).getReader()
  let said = ''
  async function until(what: string): Promise<void> {
    while (!said.includes(what)) {
      const { done, value } = await lines.read()
      assert(!done, `it ended: ${said}`)
      said += value
    }
  }
  await until('joins with')
  assert.ok(said.includes(`#t=${token}`), 'whoever is at the terminal is shown the token')
  const pid = Number(/pid (\d+)/.exec(said)![1])
  const url = /http:\/\/localhost:\d+/.exec(said)![0]
  await writeFiles(dir, { 'a.onnx': ofEach('Abs') })
  Deno.kill(pid, 'SIGHUP')
  await until('version 2')
  const listening = await fetch(`${url}/v1/events`)
  // Open as long as it serves.
  const ended = listening.text().catch(() => {})
  terminal.kill('SIGKILL')
  await terminal.status
  const did = await endsByItself(ended, pid)
  while (!(await lines.read()).done);
  await terminal.stdin.close().catch(() => {})
  assert(did)
}
