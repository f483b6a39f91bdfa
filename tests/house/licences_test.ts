/** Every package that the project fetches is named among its licences. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { ROOT } from '../../src/cli/root.ts'

Deno.test('docs/LICENCES.md names each package of package.json, or those of its scope', async () => {
  const file = JSON.parse(await Deno.readTextFile(join(ROOT, 'package.json')))
  const packages = Object.keys({ ...file.dependencies, ...file.devDependencies })
  const text = await Deno.readTextFile(join(ROOT, 'docs', 'LICENCES.md'))
  const isNamed = (name: string) =>
    text.includes(name) || (name.startsWith('@') && text.includes(`${name.split('/')[0]}/`))
  assert.deepEqual(packages.filter((name) => !isNamed(name)), [])
})
