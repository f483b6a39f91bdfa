/**
 * `deno run -A src/cli/layout.ts`: measures the layout of labelled pages; `--to FILE` writes the page
 * of docs/results.
 *
 * @module
 */
import './deno_version.ts'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { measureLayout } from './layout/measure.ts'
import { createReader } from './layout/reader.ts'
import { layoutPage } from './layout/table.ts'
import { formatted } from './formatted.ts'
import { ROOT } from './root.ts'

const PATH = ['736x960', 'h32w480'] as const

const { values } = parseArgs({
  options: {
    /** Of each kind. */
    pages: { type: 'string', default: '6' },
    /** Of each kind, those that are read, too: half a minute each. */
    read: { type: 'string' },
    to: { type: 'string' },
  },
})

const pages = Number(values.pages)
const read = Number(values.read ?? pages)
if (!(Number.isInteger(pages) && pages > 0 && Number.isInteger(read) && read >= 0)) {
  console.error('Cannot use --pages or --read: must be whole numbers')
  Deno.exit(1)
}
const reader = await createReader(join(ROOT, 'profiles/ocr'), PATH)
const figures = await measureLayout(pages, {
  most: read,
  read: ({ type, bytes }) => reader.read(type, bytes),
})
const given = values.read === undefined ? '' : ` --read ${read}`
const command = `deno run -A src/cli/layout.ts --pages ${pages}${given} --to docs/results/layout.md`
const page = await formatted(layoutPage(figures, { command, path: PATH }))
if (values.to === undefined) console.log(page)
else await Deno.writeTextFile(values.to, page)
Deno.exit(0)
