/**
 * Puts the tables of suites into a page: each between `<!-- NAME -->` and `<!-- /NAME -->`, where
 * whatever stood there before is replaced.
 *
 * @module
 */
import { dirname, join } from 'node:path'

export interface PagePart {
  name: string
  markdown: string
  /** By name of the file, which goes beside the page. */
  charts: [name: string, svg: string][]
}

/** @throws RangeError for a page that cannot be read, or has no place for the part */
export async function readPart(file: string, name: string): Promise<string> {
  const text = await read(file)
  const [from, to] = placeOf(name, text, file)
  return text.slice(from, to)
}

/**
 * @param replaceFile writes a file whole or not at all
 * @throws RangeError for a page that cannot be read, or has no place for a part
 */
export async function writePage(
  file: string,
  parts: readonly PagePart[],
  replaceFile: (file: string, text: string) => Promise<void>,
): Promise<void> {
  let text = await read(file)
  for (const { name, markdown, charts } of parts) {
    const [from, to] = placeOf(name, text, file)
    text = `${text.slice(0, from)}\n\n${markdown.trim()}\n\n${text.slice(to)}`
    for (const [chart, svg] of charts) {
      await Deno.writeTextFile(join(dirname(file), `${chart}.svg`), svg)
    }
  }
  await replaceFile(file, text)
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ['fmt', '--quiet', file],
  }).output()
  if (!success) throw new Error(`Cannot format ${file}: deno fmt failed`)
}

const read = (file: string) =>
  Deno.readTextFile(file).catch(() => {
    throw new RangeError(`Cannot write the page ${file}: there is no such file`)
  })

/** Where the part begins and ends, between its marks. */
function placeOf(name: string, text: string, file: string): [from: number, to: number] {
  const start = `<!-- ${name} -->`
  const from = text.indexOf(start)
  const to = text.indexOf(`<!-- /${name} -->`)
  if (from < 0 || to < from) {
    throw new RangeError(
      `Cannot write ${name} into ${file}: it has no ${start} ... <!-- /${name} -->`,
    )
  }
  return [from + start.length, to]
}
