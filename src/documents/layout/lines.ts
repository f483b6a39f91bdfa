/**
 * Lines as they come: where they stand, what kind of text they are.
 *
 * @module
 */
import type { Area, Line, Quad } from '../page.ts'
import type { CentredRun } from './placed.ts'

export interface Size {
  width: number
  height: number
}

/** Share of the characters of a number, spaces left out, that are digits and marks. */
const NUMBER = 0.6
const MARKS = /[\d.,:;%+\-−–/()$€£¥#]/g
/** Longer texts are none, whatever stands in them. */
const LONGEST_NUMBER = 40

/** Whether its corners are numbers. */
export const isPlaced = ({ box }: Line): boolean =>
  box.every((point) => point.every(Number.isFinite))

export function runOf([a, b, c, d]: Quad): CentredRun {
  return {
    cx: (a[0] + b[0] + c[0] + d[0]) / 4,
    cy: (a[1] + b[1] + c[1] + d[1]) / 4,
    width: (Math.hypot(b[0] - a[0], b[1] - a[1]) + Math.hypot(c[0] - d[0], c[1] - d[1])) / 2,
    height: (Math.hypot(d[0] - a[0], d[1] - a[1]) + Math.hypot(c[0] - b[0], c[1] - b[1])) / 2,
    angle: Math.atan2(b[1] - a[1] + c[1] - d[1], b[0] - a[0] + c[0] - d[0]),
  }
}

/** Around the corners of lines, within the page; the whole page where none are given. */
export function areaOf(lines: readonly Line[], { width, height }: Size): Area {
  const area = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity }
  for (const { box } of lines) {
    for (const [x, y] of box) {
      area.left = Math.min(area.left, x)
      area.top = Math.min(area.top, y)
      area.right = Math.max(area.right, x)
      area.bottom = Math.max(area.bottom, y)
    }
  }
  if (lines.length === 0) return { left: 0, top: 0, right: width, bottom: height }
  const within = (value: number, most: number) => Math.max(0, Math.min(most, value))
  return {
    left: within(area.left, width),
    top: within(area.top, height),
    right: within(area.right, width),
    bottom: within(area.bottom, height),
  }
}

/** Whether a text is an amount, a date, a quantity: most of it digits and their marks. */
export function isNumberText(text: string): boolean {
  if (text.length > LONGEST_NUMBER || !/\d/.test(text)) return false
  return (text.match(MARKS) ?? []).length >= NUMBER * text.replaceAll(' ', '').length
}
