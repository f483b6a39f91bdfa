/** Pictures of the pages, taken while a pool works: all can be taken, none is cut off. */
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../../src/cli/root.ts'
import { keepAsking } from '../../src/cli/screenshots_load.ts'
import { type PictureOf, PICTURES, SHOWN, takeShots } from '../../src/cli/screenshots.ts'
import { USUAL } from '../../src/cli/serve/serving.ts'
import { testOfAll } from '../exhaustive.ts'
import { launch, skippedWithout, startPool, wantChromium } from './fixture.ts'

const executable = await wantChromium()

/** Width and height of a PNG, from its header. */
const sizeOf = (png: Uint8Array) => {
  const view = new DataView(png.buffer, png.byteOffset)
  return { width: view.getUint32(16), height: view.getUint32(20) }
}

testOfAll(
  `each page fits a phone and a desk, by day and by night${skippedWithout(executable)}`,
  async () => {
    const [browser, pool] = await Promise.all([launch(executable!), startPool({ variants: USUAL })])
    await pool.addNode('local-1')
    await pool.full('local-1')
    const askers = keepAsking(pool.url)
    try {
      // Beside each other: most of the time is spent waiting for what pages are told.
      const of = (page: PictureOf) =>
        takeShots({ browser, url: pool.url, page, items: 1, patienceMs: 0 })
      const shots = (await Promise.all(PICTURES.map(of))).flat()
      const kept = (await readdir(join(ROOT, 'docs'))).filter((name) => name.endsWith('.png'))
      for (const { name, width, png, overflowPx } of shots) {
        assert.equal(sizeOf(png).width, width, name)
        assert.ok(sizeOf(png).height >= 844, name)
        assert.ok(overflowPx <= 0, `${name} is ${overflowPx} px too wide`)
      }
      for (const name of SHOWN) {
        assert.ok(shots.some((shot) => shot.name === name), `${name} is not taken any more`)
        assert.ok(kept.includes(name), `docs have no ${name}`)
      }
      assert.ok(askers.answered > 0, 'the pool did not work meanwhile')
    } finally {
      await askers.end()
      await browser.close()
      await pool.end()
    }
  },
  { ignore: executable === undefined, sanitizeOps: false, sanitizeResources: false },
)
