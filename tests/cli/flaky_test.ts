/** `deno task test` on a project of two tests, one of which fails the first time. */
import { deepEqual, equal, match } from 'node:assert/strict'
import { join } from 'node:path'
import { fromFileUrl } from '../../src/cli/root.ts'
import { inFolder } from './own_scene.ts'

const files = {
  'deno.json': {
    imports: { 'playwright-core': 'data:text/javascript,export const chromium = {}' },
  },
  'tests/some/a_test.ts': `
Deno.test('holds', () => {})
Deno.test('fails once', () => {
  try {
    Deno.mkdirSync('ran')
  } catch {
    return
  }
  throw new Error('the first time')
})`,
}

/** Its exit code and what it prints. */
async function test(folder: string, ...args: string[]) {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ['run', '-A', '--no-check', 'src/cli/test.ts', 'some', ...args],
    cwd: folder,
    env: { NO_COLOR: '1', SHOAL_INSTALL: '0' },
    stdout: 'piped',
    stderr: 'null',
  }).output()
  const text = new TextDecoder().decode(stdout).trimEnd()
  return { code, text, last: text.slice(text.lastIndexOf('\n') + 1) }
}

const inProject = (work: (folder: string) => Promise<void>) =>
  inFolder(files, async (folder) => {
    await Deno.symlink(fromFileUrl(new URL('../../src', import.meta.url)), join(folder, 'src'))
    await work(folder)
  })

Deno.test('a test that passes only when run again alone is counted as flaky and named', () =>
  inProject(async (folder) => {
    const first = await test(folder)
    deepEqual([first.code, first.last], [0, '1 passed, 0 failed, 0 skipped, 1 flaky'])
    match(first.text, /^flaky: passed only when run again alone:\n\nsome: fails once\n/m)
    const second = await test(folder)
    deepEqual([second.code, second.last], [0, '2 passed, 0 failed, 0 skipped'])
    equal(second.text.includes('flaky'), false)
  }))

Deno.test('under --all no test is run again: a failure is a failure', () =>
  inProject(async (folder) => {
    const { code, text, last } = await test(folder, '--all')
    deepEqual([code, last], [1, '1 passed, 1 failed, 0 skipped'])
    match(text, /^failed:\n\nsome: fails once\n/m)
  }))
