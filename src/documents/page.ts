/**
 * What was read on the pages of a document: what `assemble` answers, what jobs keep, and what is written
 * as text, JSON, hOCR, ALTO and into the layer of a PDF.
 *
 * All coordinates are pixels of the page as it was handed in (of a PDF: as a viewer shows it), x to the
 * right, y down.
 *
 * @module
 */

export type Point = [x: number, y: number]

/** Corners from where reading begins, clockwise as the text has it: the first two are its upper edge. */
export type Quad = [Point, Point, Point, Point]

/** Upright in pixels of the page. */
export interface Area {
  left: number
  top: number
  right: number
  bottom: number
}

export interface Line {
  text: string
  /** 0..1; 1 where the PDF had the text. */
  confidence: number
  box: Quad
}

/** Lines that belong together, in reading order. */
export interface TextBlock {
  kind: 'text'
  area: Area
  lines: Line[]
}

export interface TableBlock {
  kind: 'table'
  area: Area
  /** As many cells in each row as the table has columns; an empty cell has no lines. */
  rows: Line[][][]
}

export type Block = TextBlock | TableBlock

export interface Page {
  /** In its document, from 0. */
  index: number
  width: number
  height: number
  /** Degrees clockwise by which the page has to be turned so that most of its text is upright. */
  turn: 0 | 90 | 180 | 270
  /** Where the text is from: a model read it, or the PDF carried it. */
  source: 'read' | 'kept'
  /** In reading order. */
  blocks: Block[]
}
