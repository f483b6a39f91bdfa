/** Layout of labelled pages as a page of docs/results. @module */
import type { PageKind } from '../../../profiles/documents/pages/pages.ts'
import { tableOf } from '../formatted.ts'
import type { KindScore, LayoutFigures } from './measure.ts'

const share = (part: number, whole: number): string =>
  whole === 0 ? '' : (100 * part / whole).toFixed(1)

function kindsTable(scores: ReadonlyMap<PageKind, KindScore>): string {
  const rows = [...scores].map(([kind, one]) => [
    kind,
    String(one.pages),
    share(one.characters - one.errors, one.characters),
    share(one.cellsRight, one.cells),
    `${one.tables} / ${one.trueTables}`,
    `${one.turnsRight} / ${one.pages}`,
  ])
  const head = ['kind', 'pages', 'characters, %', 'cells, %', 'tables found / true', 'turn right']
  return tableOf(head, rows)
}

/** @param command that makes it again */
export function layoutPage(
  figures: LayoutFigures,
  { command, path }: { command: string; path: readonly string[] },
): string {
  return `# Layout of pages

\`\`\`sh
${command}
\`\`\`

Generated pages of A4 at 120 dots an inch, 17 to 21 px of text. Characters: 1 - edit distance /
length, over the whole text of a page in reading order. Cells: those of true tables that stand in
their row and column with at most a quarter of their characters misread. Turned and skewed pages are
of all the kinds above them, one after the other.

From true lines, handed over in an order that says nothing:

${kindsTable(figures.onTrueLines)}
${
    figures.onReadLines.size === 0 ? '' : `
From the lines that \`ocr\` found and read, path \`${path.join(' > ')}\`:

${kindsTable(figures.onReadLines)}
`
  }`
}
