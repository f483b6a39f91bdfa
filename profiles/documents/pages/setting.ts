/**
 * Paragraphs, tables and blocks of short lines, set on a sheet.
 *
 * @module
 */
import type { Line } from '../../../src/documents/page.ts'
import type { Random } from '../../ocr/random.ts'
import type { Face, Sheet } from './sheet.ts'

/** What is printed together, in reading order. */
export type TrueBlock =
  | { kind: 'text'; lines: Line[] }
  | { kind: 'table'; rows: Line[][][] }

/** Where something is set, and where what follows may stand. */
export interface Setter {
  sheet: Sheet
  random: Random
  words: readonly string[]
}

/** From baseline to baseline, for the size of the text. */
export const LEADING = 1.45

export function sentence({ random, words }: Setter, length: number): string[] {
  const out: string[] = []
  for (let size = 0; size < length;) {
    let word = random.chance(0.06) ? String(random.integer(2, 2030)) : random.pick(words)
    if (out.length === 0 || random.chance(0.05)) word = word[0]!.toUpperCase() + word.slice(1)
    if (random.chance(0.06)) word += ','
    out.push(word)
    size += word.length + 1
  }
  out[out.length - 1] = `${out.at(-1)!.replace(',', '')}.`
  return out
}

export const phrase = ({ random, words }: Setter, count: number): string => {
  const text = Array.from({ length: count }, () => random.pick(words)).join(' ')
  return text[0]!.toUpperCase() + text.slice(1)
}

/** @returns its lines, and the baseline of the next paragraph's first line */
export function paragraph(
  setter: Setter,
  at: { x: number; y: number; width: number; face: Face; characters: number },
): { block: TrueBlock; next: number } {
  const { sheet } = setter
  const { x, width, face } = at
  const lines: Line[] = []
  let y = at.y
  let row = ''
  const words: string[] = []
  for (let size = 0; size < at.characters;) {
    const more = sentence(setter, setter.random.integer(30, 90))
    words.push(...more)
    size += more.join(' ').length
  }
  for (const word of words) {
    const longer = row === '' ? word : `${row} ${word}`
    if (sheet.widthOf(longer, face) <= width) {
      row = longer
      continue
    }
    lines.push(sheet.text(row, x, y, face))
    y += LEADING * face.size
    row = word
  }
  lines.push(sheet.text(row, x, y, face))
  return { block: { kind: 'text', lines }, next: y + (LEADING + 0.7) * face.size }
}

/** Short lines one below the other. */
export function lines(
  { sheet }: Setter,
  texts: readonly string[],
  at: { x: number; y: number; face: Face },
): { block: TrueBlock; next: number } {
  const step = LEADING * at.face.size
  const set = texts.map((text, i) => sheet.text(text, at.x, at.y + i * step, at.face))
  return { block: { kind: 'text', lines: set }, next: at.y + (texts.length + 0.7) * step }
}

export interface TableColumn {
  width: number
  align: 'left' | 'right'
  texts: string[]
}

/** @param at `y` is the baseline of the first row; an empty text is an empty cell */
export function table(
  { sheet }: Setter,
  columns: readonly TableColumn[],
  at: { x: number; y: number; face: Face; step: number; ruled: boolean },
): { block: TrueBlock; next: number } {
  const { y, face, step } = at
  const rows = columns[0]!.texts.map((): Line[][] => columns.map(() => []))
  const inset = 0.9 * face.size
  const lefts = columns.map((_, k) => {
    return at.x + columns.slice(0, k).reduce((sum, { width }) => sum + width, 0)
  })
  const right = lefts.at(-1)! + columns.at(-1)!.width
  rows.forEach((row, r) => {
    columns.forEach(({ texts, width, align }, k) => {
      if (texts[r] === '') return
      const x = align === 'left' ? lefts[k]! + inset : lefts[k]! + width - inset
      row[k]!.push(sheet.text(texts[r]!, x, y + r * step, face, align))
    })
  })
  if (at.ruled) {
    const top = y - 0.5 * step - 0.35 * face.size
    for (let r = 0; r <= rows.length; r++) sheet.rule(at.x, top + r * step, right, top + r * step)
    for (const x of [...lefts, right]) sheet.rule(x, top, x, top + rows.length * step)
  }
  return { block: { kind: 'table', rows }, next: y + rows.length * step + face.size }
}
