/** Tests that failed are run again one by one, and no other test with them. */
import { deepEqual } from 'node:assert/strict'
import { join } from 'node:path'
import { type FailureOf, filterOf, runAgain } from '../../src/cli/test/again.ts'
import { inFolder } from './own_scene.ts'

const part = { suite: 'some', place: 1, of: 1, files: ['tests/some/a_test.ts', 'tests/some/b.ts'] }
const failureOf = (name: string, file: string | undefined = part.files[0]!): FailureOf => ({
  ...{ part, name, text: 'first' },
  ...file === '' ? {} : { file },
})

/** The files and filters that it ran, and the failures that it returns as flaky. */
async function again(failures: FailureOf[], passes: (filter: string) => boolean) {
  const ran: [string[], string][] = []
  const flaky = await runAgain(failures, ({ files }, filter) => {
    ran.push([files, filter])
    return Promise.resolve(passes(filter))
  })
  return { ran, flaky }
}

Deno.test('a test that passes alone is flaky with its steps; one that fails twice is not', async () => {
  const failures = [
    failureOf('flaky'),
    failureOf('flaky > a step'),
    failureOf('broken', 'tests/helper.ts'),
    failureOf('the suite itself', ''),
  ]
  const { ran, flaky } = await again(failures, (filter) => filter === '/^flaky$/')
  deepEqual(ran, [[[part.files[0]], '/^flaky$/'], [part.files, '/^broken$/']])
  deepEqual(flaky, failures.slice(0, 2))
})

Deno.test('where many tests fail none is run again', async () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => failureOf(`${i}`))
  const few = await again(many(8), () => true)
  deepEqual([few.ran.length, few.flaky.length], [8, 8])
  const more = await again(many(9), () => true)
  deepEqual([more.ran.length, more.flaky.length], [0, 0])
})

Deno.test('filterOf() lets one name through, whatever stands in it', async () => {
  const name = `a/b (c) [d] {e} ^f$ g? h* i+ j| k.l \\m #n "o" <p> & q~r-s 'ü'`
  const text = ['x', `${name} > x`, name].map((one) =>
    `Deno.test(${JSON.stringify(one)}, () => {})`
  )
  await inFolder({ 'some_test.ts': text.join('\n') }, async (folder) => {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ['test', '--no-check', `--filter=${filterOf(name)}`, join(folder, 'some_test.ts')],
      ...{ stdin: 'null', stderr: 'null', env: { NO_COLOR: '1' } } as const,
    }).output()
    const printed = new TextDecoder().decode(stdout)
    deepEqual(printed.match(/^.*(?= \.\.\. ok)/gm), [name])
  })
})
