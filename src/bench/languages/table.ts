/**
 * Characters read right, by language, as a page of docs/results.
 *
 * @module
 */
import { accuracyOf, type Score } from '../../stages/labelled.ts'

export interface Row {
  /** Code of a language, or `ascii`. */
  language: string
  /** By head, `old` or `new`, and variant. */
  scores: { [reader: string]: Score }
}

/** Not among those of the mean: the old head was made for it, or a script of many more letters. */
const APART = ['en', 'ascii', 'vi']

const names = new Intl.DisplayNames(['en'], { type: 'language' })

const percent = (share: number): string => (100 * share).toFixed(1)
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

function cells(rows: readonly Row[], readers: readonly string[]): string[] {
  const meanOf = (share: (score: Score) => number, reader: string) =>
    percent(mean(rows.map(({ scores }) => share(scores[reader]!))))
  const exact = ({ exact, truths }: Score) => exact / truths
  const best = readers[0]!
  const change = (share: (score: Score) => number, reader: string) =>
    `${meanOf(share, `old ${reader}`)} → ${meanOf(share, `new ${reader}`)}`
  return [...readers.map((reader) => change(accuracyOf, reader)), change(exact, best)]
}

/** @param command that makes it again */
export function languagesPage(
  rows: readonly Row[],
  { command, variants, seed, pages }: {
    command: string
    variants: readonly string[]
    seed: number
    pages: number
  },
): string {
  const others = rows.filter(({ language }) => !APART.includes(language))
  const sizeOf = ({ scores }: Row) => scores[`new ${variants[0]}`]!
  const nameOf = ({ language }: Row) =>
    language === 'ascii' ? 'strings of ASCII' : names.of(language)!
  const head = ['language', 'characters', ...variants, `lines, ${variants[0]}`]
  const all = [
    ...rows.filter(({ language }) => APART.includes(language)),
    ...others,
  ].map((row) => [nameOf(row), String(sizeOf(row).total), ...cells([row], variants)])
  const total = others.reduce((sum, row) => sum + sizeOf(row).total, 0)
  const means = [
    `**mean of the ${others.length} others**`,
    String(total),
    ...cells(others, variants),
  ]
  return `# Languages

\`\`\`sh
${command}
\`\`\`

Share of characters that the recognisers of \`ocr\` read right, in %: 1 - edit distance / length. Before
the arrow the recognisers as the package has them, cut to printable ASCII; behind it those trained for
Latin script. The last column has the share of lines without a fault.

${pages} generated pages of each language (seed ${seed}), 12 to 56 px of text, some turned, faint,
blurred or noisy; lines are cut out where they truly are. Typefaces and sentences were no part of the
training; single words may have been. A language has some 1,000 characters: differences under a point
say nothing.

${
    [head, head.map(() => '---'), means, ...all]
      .map((row) => `| ${row.join(' | ')} |`).join('\n')
  }
`
}
