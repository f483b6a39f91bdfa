/**
 * Things that were found, cut out for the task that looks closer.
 *
 * @module
 */
import { z } from 'zod'
import type { CropEncoding, ImageCodecs, Picture, StageItem } from './types.ts'
import { cornersOf, type Point, type TextBox } from './box.ts'
import { cropFormat, type CropLimits, cutCrop } from './crop.ts'
import { readField } from './options.ts'

const schema = z.strictObject({
  maxHeight: z.number().int().min(1).max(8192).default(256),
  maxWidth: z.number().int().min(1).max(8192).default(256),
  /** Room around a thing, as a share of its sides. */
  margin: z.number().min(0).max(1).default(0),
  /** Quality of crops that travel as JPEG. */
  quality: z.number().min(1).max(100).default(92),
})
export type ThingCrops = z.infer<typeof schema>

export interface Thing {
  /** One of the task's labels. */
  kind: string
  score: number
  /** Upright. */
  box: TextBox
}

/** @throws TypeError where a task's `crop` is malformed; defaults where it is absent */
export const thingCropsOf = (task: { readonly [field: string]: unknown }): ThingCrops =>
  readField(schema, 'crop', 'a task', task['crop'] ?? {})

/** An item for each thing: `{format, width, height, kind, score, box}` and its pixels. */
export async function cropThings(
  picture: Picture,
  things: readonly Thing[],
  options: ThingCrops,
  encoding: CropEncoding,
  codecs: ImageCodecs,
): Promise<StageItem[]> {
  const cut = things.map(({ box }) => cutThing(picture, box, options))
  const format = cropFormat(encoding, cut)
  return await Promise.all(cut.map(async (crop, i) => {
    const { kind, score, box } = things[i]!
    return {
      meta: {
        format,
        width: crop.width,
        height: crop.height,
        kind,
        score,
        box: roundedCorners(box),
      },
      bytes: format === 'rgb'
        ? crop.data as Uint8Array
        : await codecs.encodeJpeg(crop, options.quality),
    }
  }))
}

function cutThing(picture: Picture, box: TextBox, options: ThingCrops): Picture {
  const wide = widened(box, options.margin, picture)
  return cutCrop(picture, wide, thingLimits(wide, options))
}

/** Of the crop of a thing with the room around it: in proportion, no larger than the task says. */
export function thingLimits(wide: TextBox, { maxHeight, maxWidth }: ThingCrops): CropLimits {
  const shrink = Math.min(1, maxHeight / wide.height, maxWidth / wide.width)
  return {
    maxHeight: Math.max(1, Math.round(wide.height * shrink)),
    maxWidth: Math.max(1, Math.round(wide.width * shrink)),
  }
}

/** Larger by a share of its sides, as far as the picture goes. */
export function widened(
  { cx, cy, width, height }: TextBox,
  margin: number,
  picture: Pick<Picture, 'width' | 'height'>,
): TextBox {
  const [dx, dy] = [width * (0.5 + margin), height * (0.5 + margin)]
  const [x0, y0] = [Math.max(0, cx - dx), Math.max(0, cy - dy)]
  const [x1, y1] = [Math.min(picture.width, cx + dx), Math.min(picture.height, cy + dy)]
  return uprightBox(x0, y0, x1, y1)
}

export const uprightBox = (x0: number, y0: number, x1: number, y1: number): TextBox => ({
  cx: (x0 + x1) / 2,
  cy: (y0 + y1) / 2,
  width: x1 - x0,
  height: y1 - y0,
  angle: 0,
})

/** Corners to a tenth of a pixel. */
export const roundedCorners = (box: TextBox): Point[] =>
  cornersOf(box).map(([x, y]): Point => [Math.round(x * 10) / 10, Math.round(y * 10) / 10])
