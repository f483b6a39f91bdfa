/**
 * The lines that `ocr` answers for a picture, as the one page of a document.
 *
 * @module
 */
import type { Area, Page } from '../../documents/page.ts'
import { type PictureHead, pictureHead } from '../../pipeline/picture_head.ts'
import type { OcrLine } from './liteparse.ts'

/** Of EXIF, from here on stored rows are columns of what is shown. */
const FIRST_ON_SIDE = 5

/** @param bytes of the picture */
export function pageOf(lines: readonly OcrLine[], bytes: Uint8Array): Page {
  const { width, height } = shownSize(pictureHead(bytes))
  const blocks = lines.length === 0
    ? []
    : [{ kind: 'text' as const, area: areaOf(lines), lines: [...lines] }]
  return { index: 0, width, height, turn: 0, source: 'read', blocks }
}

function shownSize(head: PictureHead | undefined): { width: number; height: number } {
  const { width = 1, height = 1, orientation = 1 } = head ?? {}
  return orientation < FIRST_ON_SIDE ? { width, height } : { width: height, height: width }
}

function areaOf(lines: readonly OcrLine[]): Area {
  const area = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity }
  for (const { box } of lines) {
    for (const [x, y] of box) {
      area.left = Math.min(area.left, x)
      area.top = Math.min(area.top, y)
      area.right = Math.max(area.right, x)
      area.bottom = Math.max(area.bottom, y)
    }
  }
  return area
}
