/** The docs name files of ours so that readers find them: each is there. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { ROOT } from '../../src/cli/root.ts'
import { filesUnder } from './files.ts'

/** What a reader is to write has the name of no file of ours. */
const THEIRS = ['stage.ts']
const NAMED = /`([a-z0-9_/.]*[a-z0-9_]\.ts)`/g

Deno.test('every source file that the docs name is there', async () => {
  const files = (await Promise.all(['src', 'tests', 'workers', 'demo', 'profiles'].map(filesUnder)))
    .flat()
  const docs = (await filesUnder('docs')).filter((file) => file.endsWith('.md'))
  const gone: string[] = []
  let named = 0
  for (const doc of [...docs, 'README.md']) {
    for (const [, name = ''] of (await Deno.readTextFile(join(ROOT, doc))).matchAll(NAMED)) {
      named++
      if (THEIRS.includes(name)) continue
      if (!files.some((file) => `/${file}`.endsWith(`/${name}`))) gone.push(`${doc}: ${name}`)
    }
  }
  assert.ok(named > 50, `${named} were looked for`)
  assert.deepEqual(gone, [])
})
