/** A checkout may stand in a folder whose name has blanks, or letters that URLs write in percents. */
import { deepEqual, ok } from 'node:assert/strict'
import { join } from 'node:path'
import { ROOT } from '../../src/cli/root.ts'
import { filesUnder } from './files.ts'

/** A path of a URL, taken for the name of a file: `fromFileUrl()` of src/cli/root.ts says that. */
const TAKEN = /new URL\([^;]*?import\.meta[^;]*?\)\.pathname/

Deno.test('no file of ours is named by the path of a URL', async () => {
  const files = (await Promise.all(['src', 'workers', 'profiles', 'demo', 'tests'].map(filesUnder)))
    .flat()
    .filter((file) => file.endsWith('.ts'))
  ok(files.length > 500, `${files.length} were read`)
  const taken: string[] = []
  for (const file of files) {
    if (TAKEN.test(await Deno.readTextFile(join(ROOT, file)))) taken.push(file)
  }
  deepEqual(taken, [])
})
