/** What the test task says at its end is what `deno test` itself found. */
import { deepEqual, equal, match } from 'node:assert/strict'
import { join } from 'node:path'
import { countJunit, failuresOf } from '../../src/cli/test/junit.ts'
import { inFolder } from './own_scene.ts'

/** A file of tests of which one holds, two are skipped on purpose, and one fails in a step. */
const tests = `
import { testOfAll } from '${new URL('../exhaustive.ts', import.meta.url)}'
testOfAll('takes long', () => { throw new Error('it was not asked for') })
Deno.test('holds', () => {})
Deno.test.ignore('is left out (skipped: a report has to count one)', () => {})
Deno.test('a "b" <c>', async (t) => {
  await t.step('inner & one', () => { throw new Error('bad <y>\\nline 2') })
})
`

Deno.test('a report names each test and step that failed, and what it threw', async (t) => {
  await inFolder({ 'some_test.ts': tests }, async (folder) => {
    const report = join(folder, 'report.xml')
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: [
        'test',
        '-A',
        '--quiet',
        '--no-check',
        `--junit-path=${report}`,
        join(folder, 'some_test.ts'),
      ],
      env: { NO_COLOR: '1', SHOAL_TESTS: '' },
      ...{ stdout: 'piped', stderr: 'null' },
    }).output()
    const xml = await Deno.readTextFile(report)
    // A quiet run swallows what tests print, and shows their names: there whoever reads it is told why.
    await t.step('what its fixture skips says why (skipped: a report has to count one)', () => {
      const printed = new TextDecoder().decode(stdout)
      match(printed, /is left out \(skipped: a report has to count one\) \.\.\. ignored/)
    })
    deepEqual(countJunit(xml), { passed: 1, failed: 2, skipped: 2, onlyWithAll: 1 })
    const failures = failuresOf(xml)
    deepEqual(failures.map(({ name }) => name), ['a "b" <c>', 'a "b" <c> > inner & one'])
    match(failures[1]!.text, /^Error: bad <y>\nline 2\n[\s\S]*some_test\.ts:7/)
    equal(failuresOf('').length, 0)
  })
})
