/**
 * Layout of labelled pages, by kind: of their true lines, and of the lines that `ocr` reads.
 * @module
 */
import {
  type LabelledPage,
  labelledPages,
  type PageKind,
} from '../../../profiles/documents/pages/pages.ts'
import { type LayoutScore, scoreLayout } from '../../../profiles/documents/pages/score.ts'
import { layoutOf } from '../../documents/layout/layout.ts'
import type { Line } from '../../documents/page.ts'

export interface KindScore extends Omit<LayoutScore, 'turnRight'> {
  pages: number
  turnsRight: number
}

export interface LayoutFigures {
  /** By kind of page. */
  onTrueLines: Map<PageKind, KindScore>
  onReadLines: Map<PageKind, KindScore>
}

const EMPTY: KindScore = {
  ...{ pages: 0, turnsRight: 0, characters: 0, errors: 0 },
  ...{ cells: 0, cellsRight: 0, tables: 0, trueTables: 0 },
}

/** What hides the true order: a step that visits all lines in another. */
const STRIDE = 7919

export interface Reading {
  /** Of each kind, the pages that are read at most. */
  most: number
  /** Lines of a page's picture. */
  read(page: LabelledPage): Promise<Line[]>
}

/** @param reading true lines alone are measured where it is absent */
export async function measureLayout(
  count: number,
  reading?: Reading,
  seed?: number,
): Promise<LayoutFigures> {
  const figures: LayoutFigures = { onTrueLines: new Map(), onReadLines: new Map() }
  for await (const page of labelledPages(count, seed)) {
    add(figures.onTrueLines, page, scoreLayout(page, layoutOf(mixed(trueLines(page)), page)))
    const read = figures.onReadLines.get(page.kind)?.pages ?? 0
    if (reading === undefined || read >= reading.most) continue
    const lines = await reading.read(page)
    add(figures.onReadLines, page, scoreLayout(page, layoutOf(lines, page)))
  }
  return figures
}

export const trueLines = ({ blocks }: LabelledPage): Line[] =>
  blocks.flatMap((block) => block.kind === 'text' ? block.lines : block.rows.flat(2))

/** The same lines in an order that says nothing. */
export const mixed = (lines: readonly Line[]): Line[] =>
  lines.map((line, i) => ({ line, at: i * STRIDE % 1009 })).sort((a, b) => a.at - b.at)
    .map(({ line }) => line)

function add(
  scores: Map<PageKind, KindScore>,
  { kind }: LabelledPage,
  { turnRight, ...score }: LayoutScore,
): void {
  const sum = { ...scores.get(kind) ?? EMPTY }
  for (const name of Object.keys(score) as (keyof typeof score)[]) sum[name] += score[name]
  sum.pages++
  sum.turnsRight += Number(turnRight)
  scores.set(kind, sum)
}
