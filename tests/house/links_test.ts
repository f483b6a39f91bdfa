/** Links between our pages lead somewhere: to a file that is there, and to a heading that it has. */
import assert from 'node:assert/strict'
import { dirname, join } from 'node:path'
import { ROOT } from '../../src/cli/root.ts'

const FENCED = /^```[\s\S]*?^```/gm
const LINK = /\]\(([^)\s#]*)(?:#([^)\s]+))?\)/g

async function pagesUnder(dir: string): Promise<string[]> {
  const found: string[] = []
  for await (const { name, isDirectory } of Deno.readDir(join(ROOT, dir))) {
    if (isDirectory) found.push(...await pagesUnder(`${dir}/${name}`))
    else if (name.endsWith('.md')) found.push(`${dir}/${name}`)
  }
  return found
}

/** As hosts of repositories name a heading: of several that are alike the second ends with -1. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of text.matchAll(/^#+ (.*)$/gm)) {
    const name = heading.replace(/\]\([^)]*\)/g, '').toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-')
    let anchor = name
    for (let n = 1; anchors.has(anchor); n++) anchor = `${name}-${n}`
    anchors.add(anchor)
  }
  return anchors
}

Deno.test('every link between pages leads to a file and a heading that are there', async () => {
  const pages = ['README.md', ...await pagesUnder('docs'), ...await pagesUnder('profiles')]
  const dead: string[] = []
  let followed = 0
  for (const page of pages) {
    const text = (await Deno.readTextFile(join(ROOT, page))).replace(FENCED, '')
    for (const [, path = '', anchor] of text.matchAll(LINK)) {
      if (/^[a-z]+:/.test(path)) continue
      followed++
      const target = path === '' ? join(ROOT, page) : join(ROOT, dirname(page), path)
      const there = await Deno.stat(target).catch(() => undefined)
      const leads = there !== undefined && (anchor === undefined ||
        anchorsOf((await Deno.readTextFile(target)).replace(FENCED, '')).has(anchor))
      if (!leads) dead.push(`${page}: ${path}${anchor === undefined ? '' : `#${anchor}`}`)
    }
  }
  assert.ok(followed > 100, `${followed} were followed`)
  assert.deepEqual(dead, [])
})
