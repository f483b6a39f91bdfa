/** Characters read right, by language, as a page of docs/results. @module */
import { accuracyOf, type Score } from '../../stages/labelled.ts'
import { tableOf } from '../formatted.ts'

export interface Row {
  /** Code of a language, or `ascii`. */
  language: string
  /** By head, `old` or `new`, and variant. */
  scores: { [reader: string]: Score }
}

/** Not among those of the mean: the old head was made for it, or a script of many more letters. */
const APART = ['en', 'ascii', 'vi']

const names = new Intl.DisplayNames(['en'], { type: 'language' })

const sumOf = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0)
const percent = (share: number): string => (100 * share).toFixed(1)

const sizeOf = ({ scores }: Row): Score => Object.values(scores).at(-1)!
const nameOf = ({ language }: Row): string =>
  language === 'ascii' ? 'strings of ASCII' : names.of(language)!

/** Of these rows together: before and after, where there is a reader of before. */
function cells(rows: readonly Row[], variants: readonly string[]): string[] {
  const meanShare = (share: (score: Score) => number, reader: string) =>
    percent(sumOf(rows.map(({ scores }) => share(scores[reader]!))) / rows.length)
  const exact = ({ exact, truths }: Score) => exact / truths
  const told = (share: (score: Score) => number, variant: string) =>
    ['old', 'new'].map((head) => `${head} ${variant}`)
      .filter((reader) => reader in rows[0]!.scores)
      .map((reader) => meanShare(share, reader)).join(' → ')
  return [...variants.map((variant) => told(accuracyOf, variant)), told(exact, variants[0]!)]
}

function table(variants: readonly string[], rows: readonly string[][]): string {
  const head = ['language', 'characters', ...variants, `lines, ${variants[0]}`]
  return tableOf(head, rows)
}

/**
 * @param latin of Latin script, by the recognisers of before, too
 * @param others by script
 * @param command that makes it again
 */
export function languagesPage(
  latin: readonly Row[],
  others: { readonly [script: string]: readonly Row[] },
  { command, variants, seed, pages }: {
    command: string
    variants: readonly string[]
    seed: number
    pages: number
  },
): string {
  const rowOf = (row: Row) => [nameOf(row), String(sizeOf(row).total), ...cells([row], variants)]
  const averaged = latin.filter(({ language }) => !APART.includes(language))
  const apart = latin.filter(({ language }) => APART.includes(language))
  const means = [
    `**mean of the ${averaged.length} others**`,
    String(sumOf(averaged.map((row) => sizeOf(row).total))),
    ...cells(averaged, variants),
  ]
  const more = Object.entries(others).map(([script, rows]) =>
    `## ${script[0]!.toUpperCase()}${script.slice(1)}\n\n` +
    `The recognisers of \`documents-${script}\`.\n\n${table(variants, rows.map(rowOf))}\n`
  )
  return `# Languages

\`\`\`sh
${command}
\`\`\`

Share of characters that the recognisers read right, in %: 1 - edit distance / length. The last column
has the share of lines without a fault.

${pages} generated pages of each language (seed ${seed}), 12 to 56 px of text, some turned, faint,
blurred or noisy; lines are cut out where they truly are. Typefaces and sentences were no part of the
training; single words may have been. A language has some 1,000 characters: differences under a point
say nothing.

## Latin

Before the arrow the recognisers as the package has them, cut to printable ASCII; behind it those of
\`ocr\`, trained for Latin script.

${table(variants, [means, ...apart.map(rowOf), ...averaged.map(rowOf)])}

${more.join('\n')}`
}
