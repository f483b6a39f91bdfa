/** Figures as the page of docs/results. @module */
import { median } from '../../cli/statistics.ts'
import { tableOf } from '../../cli/formatted.ts'
import type { WindowFigures } from './beside.ts'
import { DOCUMENTS } from './params.ts'
import type { Peers } from './peers.ts'
import type { PoolFigures } from './pool_run.ts'
import type { Read } from './score.ts'

const share = (part: number, whole: number): string =>
  whole === 0 ? '-' : (100 * part / whole).toFixed(1)
const charactersRight = ({ characters, errors }: Read) => share(characters - errors, characters)
const wordsRight = ({ words, wordsRight }: Read) => share(wordsRight, words)
const seconds = (ms: number, digits = 0) => (ms / 1000).toFixed(digits)
const perMinute = ({ ms, pages }: { ms: number; pages: number }) =>
  ms === 0 ? '-' : (60_000 * pages / ms).toFixed(1)
const listed = (pages: readonly number[]) =>
  pages.length === 0 ? '0' : `${pages.length} (${pages.slice(0, 8).join(', ')})`

const NAMES: Record<WindowFigures['window'], string> = {
  alone: 'without the job',
  job: 'beside the job',
  kills: 'beside the job, nodes killed',
  away: 'the coordinator away',
}

/** @param svg name of the picture of the memory, beside the page */
export function poolSection(figures: PoolFigures, svg: string): string {
  const { pages, played, pdf } = figures
  return `## The pool

One PDF of ${pages} scanned pages, ${
    (figures.bytes / 1e6).toFixed(0)
  } MB, one job, wanted twelve hours later, as PDF with text layers and as text. One
Chromium tab and two Deno nodes on WebAssembly, one slot each, and the coordinator, with \`ocr\` and
\`documents\`, in a process of its own, all on this machine. Each ${DOCUMENTS.killEachS} s one of the three is killed
(SIGKILL; the tab closed) and a new one, that nobody knows, joins.

${
    tableOf(['what', 'figure'], [
      ['pages lost, repeated, exchanged', counts(figures.found)],
      ['the same, in the layers of the PDF', counts(pdf)],
      ['pages told twice while it ran', listed(figures.toldTwice)],
      ['pages that failed', listed(figures.failed)],
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
    ])
  }

Queries of \`ocr\` beside it, a page of seven lines each ${DOCUMENTS.queryEachS} s on average at random moments,
${DOCUMENTS.sloMs / 1000} s for each:

${windowsTable(played.windows)}

Resident memory, MB, looked at each ${DOCUMENTS.memoryMs / 1000} s:

${memoryTable(figures.memory)}

![Memory over time](${svg})
`
}

const counts = ({ lost, repeated, exchanged, strange }: PoolFigures['pdf']): string =>
  [lost, repeated, exchanged].map(listed).join(', ') +
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
  Object.entries(parts.failed).filter(([, count]) => count > 0)
    .map(([reason, count]) => `${count} \`${reason}\``).join(', ') || 'none'

const estimatesOf = ({ played: { estimates } }: PoolFigures) =>
  estimates.map(({ done, saidMin, wasMin }) =>
    `${saidMin.toFixed(1)} (${wasMin.toFixed(1)}) after ${done} pages`
  ).join(', ') || '-'

const windowsTable = (windows: readonly WindowFigures[]) =>
  tableOf(
    ['when', 'seconds', 'queries', 'late or refused', '%', 'accuracy', 'p50, p95, ms', 'outcomes'],
    windows.map((one) => [
      ...[NAMES[one.window], one.seconds.toFixed(0), String(one.queries), String(one.violations)],
      ...[share(one.violations, one.queries), one.accuracy?.toFixed(3) ?? '-'],
      `${one.p50Ms?.toFixed(0) ?? '-'}, ${one.p95Ms?.toFixed(0) ?? '-'}`,
      Object.entries(one.outcomes).map(([name, count]) => `${count} \`${name}\``).join(', '),
    ]),
  )

const memoryTable = (rows: PoolFigures['memory']) =>
  tableOf(
    ['process', 'first quarter, median', 'last quarter, median', 'most'],
    rows.map(({ name, first, last, most }) => [name, ...[first, last, most].map(String)]),
  )

export const peersSection = ({ pages, rows }: Peers): string =>
  `## Others on the same pages

${pages} of the pages, one of each kind, as pictures, by each in turn, one after the other, nothing else
running. One thread each. Characters: 1 - edit distance / length over the text in reading order. Words:
those found, wherever they stand. Turned: by 90, 180 and 270 degrees.

${
    tableOf(
      [
        ...['', 's a page', 'processor, s a page', 'characters right, %', 'words right, %'],
        ...['turned: characters, %', 'words, %'],
      ],
      rows.map(peerCells),
    )
  }
`

const peerCells = ({ name, upright, turned, ...row }: Peers['rows'][number]): string[] => [
  ...[name, row.secondsAPage.toFixed(2), row.processorSecondsAPage.toFixed(2)],
  ...[charactersRight(upright), wordsRight(upright), charactersRight(turned), wordsRight(turned)],
]
