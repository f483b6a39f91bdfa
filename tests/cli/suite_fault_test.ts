import { doesNotMatch, equal, match } from 'node:assert/strict'
import { join } from 'node:path'
import { suiteFault } from '../../src/cli/test/suite_fault.ts'
import { inFolder } from './own_scene.ts'

/** What `deno test` prints of a file, in colour. */
async function outputOf(text: string): Promise<string> {
  let output = ''
  await inFolder({ 'some_test.ts': text }, async (folder) => {
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ['test', '--quiet', '--no-check', join(folder, 'some_test.ts')],
      ...{ stdin: 'null', env: { FORCE_COLOR: '1' } } as const,
    }).output()
    output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr)
  })
  return output
}

Deno.test('an error beside the tests is told with its message, however long the way to it', async () => {
  const fault = suiteFault(
    await outputOf(`
    const deep = (n) => n === 0 ? (() => { throw new TypeError('loose <it>') })() : deep(n - 1)
    Deno.test('waits', async () => {
      for (let i = 0; i < 60; i++) console.log('line', i)
      setTimeout(() => deep(30))
      await new Promise((done) => setTimeout(done, 10_000))
    })`),
  )
  match(fault, /TypeError: loose <it>/)
  match(fault, /some_test\.ts/)
  // deno-lint-ignore no-control-regex
  doesNotMatch(fault, /\x1b/)
})

Deno.test('without such words it is the last lines', async () => {
  match(suiteFault(await outputOf('const = 5')), /some_test\.ts:1/)
  const lines = Array.from({ length: 50 }, (_, i) => `line ${i}`)
  equal(suiteFault(lines.join('\n') + '\n'), lines.slice(30).join('\n'))
})
