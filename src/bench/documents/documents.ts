/**
 * `deno task bench documents`: a document of hundreds of scanned pages as a job of a pool that loses a
 * node each minute and once its coordinator, queries that cannot wait beside it, and the same pages by
 * other programs.
 * @module
 */
import { standalone } from '../../sim/report/chart.ts'
import { PART } from '../../coordinator/jobs/documents/parts.ts'
import { median } from '../../cli/statistics.ts'
import type { BenchOptions } from '../options.ts'
import { listed, outputOf } from '../tools.ts'
import { type BenchPage, makePages, pdfOf } from './pages.ts'
import { DOCUMENTS } from './params.ts'
import { comparePeers, type Peers } from './peers.ts'
import { play } from './play.ts'
import { startPool } from './pool.ts'
import { type Read, scorePages } from './score.ts'

/** @throws Error where canvas, fonts or Chromium are not there */
export async function bench({ pages: many = DOCUMENTS.pages, only, svg }: BenchOptions = {}) {
  const pages = await makePages(many)
  console.log(`${many} pages drawn`)
  const pool = only === 'peers' ? undefined : await runPool(pages)
  if (pool !== undefined) {
    showPool(pool)
    if (svg !== undefined) await Deno.writeTextFile(svg, pool.svg)
  }
  const ofEachKind = Map.groupBy(pages, ({ kind }) => kind).values().map(([first]) => first!)
  const peers = only === 'pool' ? undefined : await comparePeers([...ofEachKind])
  if (peers !== undefined) showPeers(peers)
  return { pool, peers }
}

type PoolFigures = Awaited<ReturnType<typeof runPool>>

const FORM_FEED = '\f'

/** @throws Error without Chromium, or where a node holds no models in time */
async function runPool(pages: readonly BenchPage[]) {
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

const share = (part: number, whole: number): string =>
  whole === 0 ? '-' : (100 * part / whole).toFixed(1)
const charactersRight = ({ characters, errors }: Read) => share(characters - errors, characters)
const wordsRight = ({ words, wordsRight }: Read) => share(wordsRight, words)
const seconds = (ms: number, digits = 0) => (ms / 1000).toFixed(digits)
const perMinute = ({ ms, pages }: { ms: number; pages: number }) =>
  ms === 0 ? '-' : (60_000 * pages / ms).toFixed(1)
const pagesOf = (pages: readonly number[]) =>
  pages.length === 0 ? '0' : `${pages.length} (${pages.slice(0, 8).join(', ')})`

function showPool(figures: PoolFigures): void {
  const { pages, played, pdf } = figures
  const rows = [
    ['pages lost, repeated, exchanged', counts(figures.found)],
    ['the same, in the layers of the PDF', counts(pdf)],
    ['pages told twice while it ran', pagesOf(figures.toldTwice)],
    ['pages that failed', pagesOf(figures.failed)],
    [
      'characters right, words right, %',
      `${charactersRight(figures.found.read)}, ${wordsRight(figures.found.read)}`,
    ],
    ['accuracy of the paths', figures.accuracy.toFixed(3)],
    ['pages a minute', perMinute({ ms: played.lastPageMs, pages })],
    [
      'while all three serve',
      `${perMinute(played.full)} (${share(played.full.ms, played.lastPageMs)} % of the time)`,
    ],
    ['before the first kill', perMinute(played.calm)],
    ['handed in, first page, last page, all written, s', timesOf(figures)],
    ['nodes killed; a new one holds all models after, s', killsOf(figures)],
    ['batches lost with them; parts asked again', retriesOf(figures)],
    ['parts without a result, by reason', reasonsOf(figures)],
    [
      'coordinator killed; serves again after, s',
      played.awayMs === null ? 'no' : seconds(played.awayMs, 1),
    ],
    ['minutes left, as the job said (as they were)', estimatesOf(figures)],
  ]
  console.table(Object.fromEntries(rows))
  console.table(played.windows.map(({ window, queries, violations, ...one }) => ({
    ...{ when: window, seconds: one.seconds.toFixed(0), queries, 'late or refused': violations },
    ...{ '%': share(violations, queries), accuracy: one.accuracy?.toFixed(3) ?? '-' },
    'p50, p95, ms': `${one.p50Ms?.toFixed(0) ?? '-'}, ${one.p95Ms?.toFixed(0) ?? '-'}`,
    outcomes: listed(one.outcomes),
  })))
  console.log('resident memory, MB: medians of the first and the last quarter, and the most')
  console.table(figures.memory)
}

const showPeers = (peers: Peers): void =>
  console.table(peers.map(({ name, upright, turned, ...row }) => ({
    ...{ name, 's a page': row.secondsAPage.toFixed(2) },
    'processor, s a page': row.processorSecondsAPage.toFixed(2),
    'characters right, %': charactersRight(upright),
    'words right, %': wordsRight(upright),
    'turned: characters, %': charactersRight(turned),
    'turned: words, %': wordsRight(turned),
  })))

const counts = ({ lost, repeated, exchanged, strange }: PoolFigures['pdf']): string =>
  [lost, repeated, exchanged].map(pagesOf).join(', ') +
  (strange === 0 ? '' : `; ${strange} like no page`)

const timesOf = ({ played: { takenMs, firstPageMs, lastPageMs, endMs } }: PoolFigures) =>
  [takenMs, firstPageMs, lastPageMs, endMs].map((ms) => seconds(ms)).join(', ')

function killsOf({ played: { killed } }: PoolFigures): string {
  const back = killed.map(({ backMs }) => backMs)
  return killed.length === 0
    ? '0'
    : `${killed.length}; ${seconds(median(back))}, ${seconds(Math.max(...back))} at most`
}

const retriesOf = ({ played: { parts }, partsNeeded }: PoolFigures) =>
  `${parts.lostBatches}; ${Math.max(0, parts.asked - partsNeeded)} of ${partsNeeded}`

const reasonsOf = ({ played: { parts } }: PoolFigures) =>
  listed(
    Object.fromEntries(Object.entries(parts.failed).filter(([, count]) => count > 0)),
  ) || 'none'

const estimatesOf = ({ played: { estimates } }: PoolFigures) =>
  estimates.map(({ done, saidMin, wasMin }) =>
    `${saidMin.toFixed(1)} (${wasMin.toFixed(1)}) after ${done} pages`
  ).join(', ') || '-'

/** What a coordinator and its heir are called in the same line of the picture. */
const sameLine = (name: string) => name.replace(/ \d+$/, '')
/** Told apart also by those who see colours differently (after Okabe and Ito). */
const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7']

type Sample = { [name: string]: number }

/** Megabytes: medians of the first and of the last quarter of the samples, and the most. */
function memoryRows(samples: readonly Sample[]) {
  const names = [...new Set(samples.flatMap((sample) => Object.keys(sample)))]
  return names.map((name) => {
    const values = samples.map((sample) => sample[name] ?? NaN).filter((one) => one > 0)
    const quarter = Math.ceil(values.length / 4)
    return {
      ...{ name, first: median(values.slice(0, quarter)), last: median(values.slice(-quarter)) },
      most: Math.max(...values),
    }
  })
}

function memoryPicture(samples: readonly Sample[]): string {
  const names = [...new Set(samples.flatMap((one) => Object.keys(one).map(sameLine)))]
  const valueOf = (sample: Sample, line: string) =>
    Object.entries(sample).find(([name]) => sameLine(name) === line)?.[1] || null
  return standalone({
    title: 'Resident memory, MB',
    everyS: DOCUMENTS.memoryMs / 1000,
    format: (value) => String(Math.round(value)),
    lines: names.map((name, i) => ({
      ...{ name, color: COLORS[i % COLORS.length]! },
      values: samples.map((sample) => valueOf(sample, name)),
    })),
  })
}
