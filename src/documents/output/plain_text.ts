/**
 * What was read as plain text: a blank line between blocks, a tab between the cells of a table, a form
 * feed between pages.
 *
 * @module
 */
import type { Block, Line, Page } from '../page.ts'

const FORM_FEED = '\f'

/** One text for each page; together they are the document's. */
export function* plainText(pages: Page[]): Iterable<string> {
  for (const [i, page] of pages.entries()) {
    const text = page.blocks.map(textOf).filter(Boolean).join('\n\n')
    yield `${i > 0 ? FORM_FEED : ''}${text}${text === '' ? '' : '\n'}`
  }
}

function textOf(block: Block): string {
  if (block.kind === 'text') return block.lines.map(lineOf).join('\n')
  // A cell of several lines is one field: a row is a line.
  return block.rows.map((row) => row.map((cell) => cell.map(lineOf).join(' ')).join('\t')).join(
    '\n',
  )
}

/** White space within a line parts words and nothing else: tabs and feeds have their own meaning. */
const lineOf = ({ text }: Line): string => text.replace(/\s+/gu, ' ').trim()
