/** What commands leave behind. */
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { join } from 'node:path'
import { replaceFile } from '../../src/cli/writable.ts'
import { inFolder } from './own_scene.ts'

Deno.test('replaceFile() lets nobody read half a file', () =>
  inFolder({}, async (dir) => {
    const file = join(dir, 'pipeline.json')
    const texts = ['a', 'b'].map((letter) => letter.repeat(4_000_000))
    await Deno.writeTextFile(file, texts[0]!)
    const seen = new Set<number>()
    let writing = true
    const reader = (async () => {
      while (writing) seen.add((await Deno.readTextFile(file)).length)
    })()
    for (let i = 0; i < 40; i++) await replaceFile(file, texts[i % 2]!)
    writing = false
    await reader
    deepEqual([...seen], [4_000_000])
    deepEqual([...Deno.readDirSync(dir)].map(({ name }) => name), ['pipeline.json'])
  }))

Deno.test('replaceFile() writes where a link leads, keeps who may read, and names what it cannot write', () =>
  inFolder({}, async (dir) => {
    const [file, link] = [join(dir, 'real.json'), join(dir, 'link.json')]
    await Deno.writeTextFile(file, 'before', { mode: 0o640 })
    await Deno.symlink(file, link)
    await replaceFile(link, 'after')
    equal(await Deno.readTextFile(file), 'after')
    equal((await Deno.lstat(link)).isSymlink, true)
    if (Deno.build.os !== 'windows') equal((await Deno.stat(file)).mode! & 0o777, 0o640)
    await rejects(replaceFile(join(file, 'x.json'), ''), /^Error: Cannot write .*x\.json: /)
  }))
