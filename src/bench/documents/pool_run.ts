/** The document read by the pool, and what came of it. @module */
import { PART } from '../../coordinator/documents/parts.ts'
import { outputOf } from '../tools.ts'
import { type BenchPage, pdfOf } from './pages.ts'
import { memoryPicture, memoryRows } from './memory_log.ts'
import { play } from './play.ts'
import { startPool } from './pool.ts'
import { scorePages } from './score.ts'

export type PoolFigures = Awaited<ReturnType<typeof runPool>>

const FORM_FEED = '\f'

/** @throws Error without Chromium, or where a node holds no models in time */
export async function runPool(pages: readonly BenchPage[]) {
  await outputOf('pdftotext', ['-v']).catch(() => {
    throw new Error('Cannot look at the layers: apt-get install poppler-utils')
  })
  const pdf = await pdfOf(pages)
  const pool = await startPool()
  const all = await play(pool, pdf, pages.length).finally(() => pool.end())
  const { memory, text, layered, told, ...played } = all
  console.log('comparing what was read')
  const truths = pages.map((page) => page.text)
  const failed = played.results.flatMap(({ failedPages }) => failedPages)
    .map(({ index }) => index + 1)
  const { parts } = played
  return {
    ...{ pages: pages.length, bytes: pdf.length, failed, played },
    found: scorePages(text.split(FORM_FEED), truths, new Set(failed)),
    // Of a page that failed there is one without a layer.
    pdf: scorePages(
      (await layersOf(layered)).filter((_, i) => !failed.includes(i + 1)),
      truths,
      new Set(failed),
    ),
    toldTwice: [...told.times].filter(([, times]) => times > 1).map(([index]) => index + 1),
    accuracy: parts.accuracySum / parts.onTime,
    partsNeeded: Math.ceil(pages.length / PART.pages),
    memory: memoryRows(memory),
    svg: memoryPicture(memory),
  }
}

/** What the text layers of a PDF say, page by page. */
async function layersOf(pdf: Uint8Array): Promise<string[]> {
  const file = await Deno.makeTempFile({ suffix: '.pdf' })
  try {
    await Deno.writeFile(file, pdf)
    return (await outputOf('pdftotext', ['-layout', file, '-'])).split(FORM_FEED).slice(0, -1)
  } finally {
    await Deno.remove(file)
  }
}
