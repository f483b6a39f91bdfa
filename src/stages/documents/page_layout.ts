/**
 * Pages put together: all lines that were read in a document in, its pages out.
 *
 * @module
 */
import { z } from 'zod'
import { layoutOf } from '../../documents/layout/layout.ts'
import type { Line, Page, Point } from '../../documents/page.ts'
import type { ItemResult, Json, Stage, StageItem } from '../types.ts'

const point = z.tuple([z.number(), z.number()])
const side = z.number().positive()
const pageSchema = z.object({
  index: z.number().int().min(0),
  width: side,
  height: side,
  scale: side.default(1),
})
const entrySchema = z.object({
  text: z.string(),
  confidence: z.number(),
  box: z.tuple([point, point, point, point]),
  page: pageSchema,
})
/** More are no document of the pages that a query takes. */
const MOST_LINES = 100_000

/**
 * Stage `page-layout`, of a task that gathers. Items: `{gathered: [{text, confidence, box,
 * page}]}`, lines without a text are passed over. Fields: `{pages}`: pages with a line, in order,
 * as `Page` of `src/documents/page.ts`. Needs no model.
 */
export const pageLayout: Stage = {
  run: (items) => Promise.resolve(items.map(resultOf)),
  fields: () => ['pages'],
  warmUp: () => [],
  takes: 'results',
  handsOn: 'nothing',
}

function resultOf({ meta }: StageItem): ItemResult {
  const { gathered } = meta
  if (!Array.isArray(gathered) || gathered.length > MOST_LINES) {
    const message = `Cannot put pages together: expected at most ${MOST_LINES} lines, gathered`
    return { ok: false, reason: 'invalid_input', message }
  }
  const read = new Map<number, { page: z.infer<typeof pageSchema>; lines: Line[] }>()
  for (const entry of gathered) {
    const parsed = entrySchema.safeParse(entry)
    // Where nothing was read there is no text.
    if (!parsed.success) continue
    const { page, text, confidence, box } = parsed.data
    const known = read.get(page.index) ?? { page, lines: [] }
    read.set(page.index, known)
    const scaled = box.map(([x, y]): Point => [x * page.scale, y * page.scale]) as Line['box']
    known.lines.push({ text, confidence, box: page.scale === 1 ? box : scaled })
  }
  const pages = [...read.values()].map(({ page: { index, width, height }, lines }): Page => ({
    index,
    width,
    height,
    source: 'read',
    ...layoutOf(lines, { width, height }),
  }))
  pages.sort((a, b) => a.index - b.index)
  return { ok: true, fields: { pages: pages as unknown as Json }, children: {} }
}
