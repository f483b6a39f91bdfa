/** What runs Shoal is fetched at one version, and named nowhere at another. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { TESTED_DENO } from '../../src/cli/deno_version.ts'
import { ROOT } from '../../src/cli/root.ts'
import { filesUnder } from './files.ts'

/** What a newcomer types first, and what does the same: with any Deno, and `requireDeno` looks at it. */
const WITHOUT = ['README.md', '.ci/run']

/** As a package, or as an image. */
const PINNED = /\bdeno(?:@|:[a-z]+-)(\d[\d.]*|\$\{TESTED_DENO\})/g

Deno.test('each command that fetches Deno from npm names the one version that is tested', async () => {
  const files = (await Promise.all(['src', 'demo', 'profiles', 'docs', '.ci'].map(filesUnder)))
    .flat()
  const wrong: string[] = []
  const pinned = new Set<string>()
  for (const file of [...files, 'README.md', 'package.json', 'deno.json']) {
    if (/\.(png|jpg|gif|bin|onnx)$/.test(file)) continue
    const text = await Deno.readTextFile(join(ROOT, file))
    if (/\bnpx -y deno(?!@)/.test(text) && !WITHOUT.includes(file)) wrong.push(file)
    for (const [, version] of text.matchAll(PINNED)) {
      pinned.add(file)
      if (version !== TESTED_DENO && version !== '${TESTED_DENO}') wrong.push(`${file}: ${version}`)
    }
  }
  assert.deepEqual(wrong, [])
  assert.ok(pinned.has('docs/deploy/Containerfile') && pinned.has('src/cli/deno_version.ts'))
})
