import assert from 'node:assert/strict'
import { join } from 'node:path'
import { ROOT } from '../../src/cli/root.ts'
import { follow } from './coordinator_process.ts'

Deno.test('an error that nobody catches is told, and the process serves on', async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ['run', '-A', '--no-check', join(ROOT, 'tests/cli/faulty_child.ts')],
    ...{ stdin: 'null', stdout: 'piped' } as const,
  }).spawn()
  const { until, ended } = follow(child.stdout)
  try {
    const fault = (line: string) =>
      until(new RegExp(`\\{"line":"fault: ${line}","level":"error","event":"fault"\\}`))
    await fault('Error: thrown by a timer')
    await fault('TypeError: rejected')
    await fault('no error at all')
    const port = await until(/^\d+$/m)
    const ask = async () => await (await fetch(`http://127.0.0.1:${port}`)).text()
    assert.equal(await ask(), 'answered')
    await fault('Error: beside an answer')
    assert.equal(await ask(), 'answered')
  } finally {
    child.kill('SIGKILL')
    await child.status
    await ended
  }
})
