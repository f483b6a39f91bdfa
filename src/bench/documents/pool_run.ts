/**
 * The document read by the pool, and what came of it.
 *
 * @module
 */
import { PART } from '../../coordinator/jobs/documents/parts.ts'
import { checkPdftotext, layersOf } from './layered.ts'
import type { MemoryRow } from './memory_log.ts'
import { type BenchPage, pdfOf } from './pages.ts'
import { play, type Played, type PlayOptions } from './play.ts'
import { startPool } from './pool.ts'
import { type PagesFound, type Read, scorePages } from './score.ts'

export interface PoolFigures {
  pages: number
  /** Of the PDF. */
  bytes: number
  killEachS: number
  /** In the text, and in the layers of the PDF. */
  found: PagesFound & { read: Read }
  pdf: PagesFound & { read: Read }
  /** From 1. */
  failed: number[]
  toldTwice: number[]
  /** Mean of the parts' paths. */
  accuracy: number
  /** Parts that the document has. */
  partsNeeded: number
  played: Omit<Played, 'memory' | 'text' | 'layered' | 'told'>
  memory: MemoryRow[]
  svg: string
}

const FORM_FEED = '\f'

export type PoolRunOptions = Pick<PlayOptions, 'killEachS' | 'killsCoordinator'>

/** @throws Error without Chromium, or where a node holds no models in time */
export async function runPool(
  pages: readonly BenchPage[],
  options: PoolRunOptions,
): Promise<PoolFigures> {
  const say = (line: string) => console.log(line)
  await checkPdftotext()
  const pdf = await pdfOf(pages)
  const pool = await startPool()
  let all: Played
  try {
    all = await play(pool, { ...options, pdf, pages: pages.length, say })
  } finally {
    await pool.end()
  }
  const { memory, text, layered, told, ...played } = all
  say('comparing what was read')
  const truths = pages.map((page) => page.text)
  const failed = played.results.flatMap(({ failedPages }) => failedPages)
    .map(({ index }) => index + 1)
  const { parts } = played
  return {
    ...{ pages: pages.length, bytes: pdf.length, killEachS: options.killEachS, failed, played },
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
    memory: memory.rows(),
    svg: memory.svg(),
  }
}
