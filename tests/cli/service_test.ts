/** The service unit of docs/deploy, as it is: what it leaves open, and that it serves with what it allows. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { ROOT } from '../../src/cli/root.ts'
import { ofAll } from '../exhaustive.ts'

const UNIT = join(ROOT, 'docs', 'deploy', 'shoal.service')
/** Of 0 to 10, as systemd counts it. */
const MOST_EXPOSED = 3

const analyze = (...args: string[]) =>
  new Deno.Command('systemd-analyze', { args: [...args, UNIT], stdin: 'null' }).output()
    .then(({ stdout }) => new TextDecoder().decode(stdout), () => undefined)
const exposure = await analyze('security', '--offline=true', '--no-pager')

Deno.test({
  name:
    `the service unit is exposed by ${MOST_EXPOSED} of 10 at most (asks systemd-analyze, where it is)`,
  ignore: exposure === undefined,
  fn() {
    const [, level] = /Overall exposure level for shoal\.service: ([\d.]+)/.exec(exposure!) ?? []
    assert.ok(Number(level) <= MOST_EXPOSED, `${exposure}`)
  },
})

/** A port that nobody has at this moment: the unit names one in its flags, too. */
function freePort(): number {
  using listener = Deno.listen({ hostname: '0.0.0.0', port: 0 })
  return listener.addr.port
}

Deno.test(ofAll({
  name:
    'with the permissions of the service unit, pages are served, a local node joins, and it ends with code 0',
  // The unit has esbuild's program for this kind of machine.
  ignore: Deno.build.os !== 'linux' || Deno.build.arch !== 'x86_64',
  async fn() {
    const unit = (await Deno.readTextFile(UNIT)).replaceAll('\\\n', ' ')
    const start = /^ExecStart=(.*)$/m.exec(unit)?.[1] ?? assert.fail('it starts nothing')
    const port = String(freePort())
    const [program, ...flags] = start
      .replaceAll('/usr/local/bin/deno', Deno.execPath())
      .replaceAll('/opt/shoal', ROOT.replace(/\/$/, ''))
      .replaceAll('8787', port)
      .split(/\s+/)
    assert.ok(!flags.includes('-A') && !flags.includes('--allow-all'))
    const child = new Deno.Command(program!, {
      args: [...flags, '--nodes', '1', '--pipeline', 'profiles/shelf'],
      cwd: ROOT,
      env: { SHOAL_TOKEN: 'a-token-as-long-as-need-be', SHOAL_CLIENT_KEY: '', SHOAL_KEYS: '' },
      ...{ stdin: 'null', stdout: 'piped', stderr: 'piped' },
    }).spawn()
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader()
    const log = new Response(child.stderr).text()
    let printed = ''
    while (!printed.includes('joins with')) {
      const { done, value = '' } = await lines.read()
      if (done) assert.fail(`it ended: ${printed}${await log}`)
      printed += value
    }
    const page = await fetch(`http://localhost:${port}/node`)
    assert.deepEqual([page.status, (await page.text()).includes('<button')], [200, true])
    const answer = await fetch(`http://localhost:${port}/v1/pipelines/shelf/infer`, {
      method: 'POST',
      headers: { 'content-type': 'image/jpeg', 'x-request-timeout-ms': '60000' },
      body: await Deno.readFile(join(ROOT, 'demo', 'samples', 'shelf.jpg')),
    })
    assert.equal(answer.status, 200, await answer.text())
    child.kill('SIGTERM')
    while (!(await lines.read()).done);
    const { code } = await child.status
    assert.equal(code, 0)
    // A right that it lacks is asked for or complained of in these words.
    assert.doesNotMatch(await log, /NotCapable|Requires \w+ access/)
  },
}))
