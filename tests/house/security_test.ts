/** What docs/results/attacks.md says is held by tests that are there. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { ROOT } from '../../src/cli/root.ts'

Deno.test('each attack of docs/results/attacks.md names a test that is there', async () => {
  const page = await Deno.readTextFile(join(ROOT, 'docs/results/attacks.md'))
  const rows = page.split('\n').filter((line) => line.startsWith('|')).slice(2)
  assert.ok(rows.length > 20)
  for (const row of rows) {
    const named = row.split('|').at(-2)!
    const files = [...named.matchAll(/`([\w/]+_test\.ts)`([^`]*)/g)]
    assert.ok(files.length > 0, `no test: ${row}`)
    for (const [, path = '', names = ''] of files) {
      const source = await Deno.readTextFile(join(ROOT, 'tests', path))
      for (const [, name] of names.matchAll(/"([^"]+)"/g)) {
        assert.match(source, new RegExp(`['\`]${RegExp.escape(name!)}`), `${path}: ${name}`)
      }
    }
  }
})
