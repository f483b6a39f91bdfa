/** What a result depends on: the sources of the simulator, and of the policy that it is of. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { ROOT } from '../../../src/cli/root.ts'
import { createFingerprints } from '../../../src/sim/suites/run/sources.ts'

Deno.test('a result is good until the sources that it came from change', async () => {
  const root = await Deno.makeTempDir()
  const copy = async (dir: string) => {
    await Deno.mkdir(join(root, dir), { recursive: true })
    for await (const { name, isDirectory } of Deno.readDir(join(ROOT, dir))) {
      const path = `${dir}/${name}`
      if (isDirectory) await copy(path)
      else await Deno.copyFile(join(ROOT, path), join(root, path))
    }
  }
  for (const dir of ['src/policy', 'src/peers', 'src/sim', 'src/pipeline']) await copy(dir)
  const policies = ['shoal', 'loki', 'loki-published', 'proteus']
  const all = () => policies.map(createFingerprints(root))
  /** Which of them a change to this file makes run again. */
  const touched = async (file: string) => {
    const before = all()
    await Deno.writeTextFile(join(root, file), '\n// changed\n', { append: true })
    const after = all()
    return policies.filter((_, i) => before[i] !== after[i])
  }
  assert.deepEqual(all(), policies.map(createFingerprints(ROOT)))
  assert.equal(new Set(all()).size, policies.length)
  assert.deepEqual(await touched('src/policy/dispatch/assign.ts'), ['shoal'])
  assert.deepEqual(await touched('src/policy/place/lp.ts'), ['shoal'])
  assert.deepEqual(await touched('src/peers/proteus.ts'), ['proteus'])
  assert.deepEqual(await touched('src/sim/content.ts'), policies)
  assert.deepEqual(await touched('src/sim/suites/figure5.ts'), [])
})
