/**
 * The lines of a picture, an answer of `ocr`, as the one page of a document.
 *
 * @module
 */
import { layoutOf } from '../../../documents/layout/layout.ts'
import type { Page } from '../../../documents/page.ts'
import { type PictureHead, pictureHead } from '../../../pipeline/picture_head.ts'
import type { OcrLine } from './liteparse.ts'

/** From this orientation of EXIF on, stored rows are columns of the shown picture. */
const FIRST_ON_SIDE = 5

/** @param bytes bytes of the picture */
export function pageOf(lines: readonly OcrLine[], bytes: Uint8Array): Page {
  const size = shownSize(pictureHead(bytes))
  return { index: 0, ...size, source: 'read', ...layoutOf([...lines], size) }
}

function shownSize(head: PictureHead | undefined): { width: number; height: number } {
  const { width = 1, height = 1, orientation = 1 } = head ?? {}
  return orientation < FIRST_ON_SIDE ? { width, height } : { width: height, height: width }
}
