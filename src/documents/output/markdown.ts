/**
 * What was read on a page as Markdown: a paragraph for each block, a table with pipes for each table.
 * What was read stays what it is: no character of it means anything to Markdown.
 *
 * @module
 */
import type { Block, Line, Page } from '../page.ts'

/** What may begin markup within a line. */
const WITHIN = /[\\`*_[\]<>|~$]|&(?=#?\w+;)/g
/** What only begins markup at the start of one: headings, lists, numbers of lists, rules. */
const AT_START = /^(\s*)(#{1,6}(?=\s|$)|[-+](?=\s|$)|[-=]+(?=\s*$))/
const NUMBER_AT_START = /^(\s*\d{1,9})([.)])(?=\s|$)/

const escaped = (text: string) => text.replaceAll(/\s+/g, ' ').replaceAll(WITHIN, '\\$&')

const lineOf = ({ text }: Line) =>
  escaped(text.trim()).replace(AT_START, '$1\\$2').replace(NUMBER_AT_START, '$1\\$2')

const cellOf = (lines: readonly Line[]) =>
  lines.map(({ text }) => escaped(text.trim())).join('<br>')

const rowOf = (cells: readonly string[]) => `| ${cells.join(' | ')} |`

export function blockMarkdown(block: Block): string {
  if (block.kind === 'text') return block.lines.map(lineOf).join('\n')
  const [head = [], ...rows] = block.rows.map((cells) => cells.map(cellOf))
  return [rowOf(head), rowOf(head.map(() => '---')), ...rows.map(rowOf)].join('\n')
}

export const pageMarkdown = ({ blocks }: Pick<Page, 'blocks'>): string =>
  blocks.map(blockMarkdown).filter((text) => text !== '').join('\n\n')
