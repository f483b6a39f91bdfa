/**
 * A page in the form of Mistral's API.
 *
 * @module
 */
import { blockMarkdown, pageMarkdown } from '../../../documents/output/markdown.ts'
import type { Block, Line, Page } from '../../../documents/page.ts'
import type { OcrQuery } from './ocr_query.ts'
import type { ReadPage } from './read_document.ts'
import type { OcrPage } from './schemas.ts'

export function ocrPage({ page, dpi }: ReadPage, { blocks, scores }: OcrQuery): OcrPage {
  return {
    index: page.index,
    markdown: pageMarkdown(page),
    images: [],
    dimensions: {
      dpi: Math.round(dpi),
      height: Math.round(page.height),
      width: Math.round(page.width),
    },
    ...blocks ? { blocks: page.blocks.map((block) => ocrBlock(block, scores === 'block')) } : {},
    ...scores === undefined ? {} : { confidence_scores: pageScores(page) },
  }
}

function ocrBlock(block: Block, scored: boolean): NonNullable<OcrPage['blocks']>[number] {
  const { kind, area: { left, top, right, bottom } } = block
  const confidences = confidencesOf(block)
  return {
    type: kind,
    top_left_x: Math.floor(left),
    top_left_y: Math.floor(top),
    bottom_right_x: Math.ceil(right),
    bottom_right_y: Math.ceil(bottom),
    content: blockMarkdown(block),
    ...scored
      ? {
        confidence_scores: {
          average_content_confidence_score: meanOf(confidences) ?? null,
          minimum_content_confidence_score: leastOf(confidences) ?? null,
        },
      }
      : {},
  }
}

/** Confidences of a page; a page without text is certain. */
function pageScores({ blocks }: Page): NonNullable<OcrPage['confidence_scores']> {
  const confidences = blocks.flatMap(confidencesOf)
  return {
    average_page_confidence_score: meanOf(confidences) ?? 1,
    minimum_page_confidence_score: leastOf(confidences) ?? 1,
  }
}

const confidencesOf = (block: Block): number[] => linesIn(block).map(({ confidence }) => confidence)

const linesIn = (block: Block): Line[] => block.kind === 'text' ? block.lines : block.rows.flat(2)

const meanOf = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : values.reduce((sum, one) => sum + one, 0) / values.length

const leastOf = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : values.reduce((least, one) => Math.min(least, one))
