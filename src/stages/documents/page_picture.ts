/**
 * How large a page is drawn, and what of it goes on to be read.
 *
 * @module
 */
import type { Page } from '../../documents/page.ts'
import { MAX_PICTURE_SIDE } from '../../pipeline/picture_head.ts'
import type { ImageCodecs, Picture } from '../types.ts'

/** A larger page is drawn smaller: an A4 page at 210 dots an inch, two megapixels more than 150. */
export const MOST_PAGE_PIXELS = 2 ** 22
/** Letters keep their edges, at a quarter of a megabyte a page. */
const QUALITY = 90

export interface Size {
  width: number
  height: number
}

/**
 * The facts about a page that go with its picture to the task that reads it.
 *
 * `scale` is how many pixels of the page one of its picture is, where that is not one.
 */
export interface PageMeta extends Size {
  index: number
  scale?: number
}

/** A page that is yet to be read. */
export const unread = ({ index, width, height }: PageMeta): Page => ({
  index,
  width,
  height,
  turn: 0,
  source: 'read',
  blocks: [],
})

/** Whole pixels for these sides, as many as there may be of them. */
export function sizeIn({ width, height }: Size): Size & { scale: number } {
  const scale = Math.min(
    1,
    Math.sqrt(MOST_PAGE_PIXELS / (width * height)),
    MAX_PICTURE_SIDE / Math.max(width, height),
  )
  const whole = (side: number) => Math.max(1, (scale < 1 ? Math.floor : Math.round)(side * scale))
  return { width: whole(width), height: whole(height), scale }
}

export const pageJpeg = (
  picture: Picture,
  codecs: Pick<ImageCodecs, 'encodeJpeg'>,
): Promise<Uint8Array> => codecs.encodeJpeg(picture, QUALITY)
