/**
 * Detects objects in a picture, and cuts out an upright crop of each for the child task.
 *
 * @module
 */
import { z } from 'zod'
import type { ItemResult, Picture, Stage, StageContext, StageItem } from './types.ts'
import { BOX_FORMATS, boxShapes, type Found, inShares, readBoxes, suppress } from './boxes.ts'
import { checkPictureModels } from './check_picture.ts'
import { handingOf } from './handing.ts'
import { labelsOf } from './labels.ts'
import { oncePerVariant } from './once.ts'
import { readField } from './options.ts'
import {
  emptyInput,
  inputTensor,
  type PictureInput,
  pictureInputOf,
  type Placing,
} from './picture_input.ts'
import { firstFeeds, inRuns } from './picture_runs.ts'
import { readingOrder } from './reading_order.ts'
import { samplePicture } from './sample.ts'
import { shareOf } from './share.ts'
import {
  cropThings,
  roundedCorners,
  type ThingCrops,
  thingCropsOf,
  uprightBox,
} from './thing_crops.ts'

const REMEDY = 'boxes.format may be another, or the model has to end with a sigmoid'

const boxesSchema = z.strictObject({
  format: z.enum(BOX_FORMATS),
  /** Whether coordinates are pixels of the input, or shares of it; as is usual for the format. */
  units: z.enum(['pixels', 'shares']).optional(),
  threshold: z.number().min(0).max(1).default(0.25),
  overlap: z.number().min(0).max(1).default(0.5),
  /** Whether things of different labels may lie on each other. */
  apart: z.boolean().default(false),
  most: z.number().int().min(1).max(4096).default(300),
})

/**
 * Stage `object-detection`. Task or variant: `labels`, `boxes: {format, threshold, ...}`, `input` as
 * in `picture_input.ts`; task: `hand: {child: [label]}`, `crop: {maxHeight, maxWidth, margin}`.
 *
 * Items: `{type: media type}` and the file, or a crop. Fields: `{width, height, found}`, where
 * `found` is a number, or, without child tasks, a list of `{kind, score, box}`. Children:
 * `{format, width, height, kind, score, box}`, in reading order; `box` as four corners in pixels
 * of the picture. A batch is one run of the model, or a few where pictures are large.
 */
export const objectDetection: Stage = {
  run: async (items, context) => {
    const settings = settingsOf(context)
    return await inRuns(items, context, settings.input, async (some) => {
      const found = await findThings(some.map(({ picture }) => picture), settings, context)
      const results: ItemResult[] = []
      for (const [i, { picture }] of some.entries()) {
        results.push(await resultOf(picture, found[i]!, settings, context))
      }
      return results
    })
  },
  check: (given) =>
    checkPictureModels(given, (variant) => {
      const { input, labels, boxes } = settingsOf({
        task: given.task,
        variant,
        next: given.task.next,
      })
      return {
        input: [-1, ...emptyInput(input, 1).dims.slice(1)],
        type: input.type,
        outputs: boxShapes(boxes.format, labels.length),
      }
    }),
  fields: () => ['width', 'height', 'found'],
  tells: ['kind', 'score', 'box'],
  warmUp: (context, batch) => [firstFeeds(context, batch, settingsOf(context).input)],
  sample: samplePicture,
  takes: 'pictures',
  handsOn: 'pictures',
}

interface Settings {
  input: PictureInput
  labels: readonly string[]
  boxes: z.infer<typeof boxesSchema>
  crop: ThingCrops
  goes: (child: string, label: string) => boolean
}

/** @throws TypeError saying what in the pipeline file cannot be used */
const settingsOf = oncePerVariant(({ task, variant, next }): Settings => {
  const labels = labelsOf(task, variant)
  return {
    input: pictureInputOf(task, variant),
    labels,
    boxes: readField(boxesSchema, 'boxes', 'a task', {
      ...task['boxes'] as object,
      ...variant['boxes'] as object,
    }),
    crop: thingCropsOf(task),
    goes: handingOf(task, next, labels),
  }
})

/** Things on each picture, in its pixels, best first. */
async function findThings(
  pictures: readonly Picture[],
  { input, labels, boxes }: Settings,
  { model }: StageContext,
): Promise<Found[][]> {
  const { tensor, placings } = inputTensor(pictures, input)
  const outputs = await model.run({ [model.inputNames[0]!]: tensor })
  const { format, threshold, units = inShares(format) ? 'shares' : 'pixels' } = boxes
  const classes = labels.length
  const names = model.outputNames.slice(0, boxShapes(format, classes).length)
  const given = names.map((name) => outputs[name]!)
  const scale = units === 'shares' ? { x: input.width, y: input.height } : { x: 1, y: 1 }
  return readBoxes(given, pictures.length, { format, threshold, classes })
    .map((found, i) => {
      const own = found.flatMap((one) => onPicture(one, pictures[i]!, placings[i]!, scale))
      return suppress(own, boxes)
    })
}

/** Cut to the picture's edges; nothing where no pixel is left. */
function onPicture(
  one: Found,
  picture: Picture,
  { window, left, top, width, height }: Placing,
  scale: { x: number; y: number },
): Found[] {
  const across = (x: number) => window.left + (x * scale.x - left) / width * window.width
  const down = (y: number) => window.top + (y * scale.y - top) / height * window.height
  const within = (value: number, most: number) => Math.min(Math.max(value, 0), most)
  const placed = {
    ...one,
    x0: within(across(one.x0), picture.width),
    y0: within(down(one.y0), picture.height),
    x1: within(across(one.x1), picture.width),
    y1: within(down(one.y1), picture.height),
  }
  return placed.x1 - placed.x0 >= 1 && placed.y1 - placed.y0 >= 1 ? [placed] : []
}

async function resultOf(
  picture: Picture,
  found: readonly Found[],
  settings: Settings,
  context: StageContext,
): Promise<ItemResult> {
  const { width, height } = picture
  const things = found.map((one) => ({
    kind: settings.labels[one.kind]!,
    score: Math.round(shareOf(one.score, REMEDY) * 1e4) / 1e4,
    box: uprightBox(one.x0, one.y0, one.x1, one.y1),
  }))
  const ordered = readingOrder(things.map(({ box }) => box)).map((i) => things[i]!)
  if (context.next.length === 0) {
    const list = ordered.map((one) => ({ ...one, box: roundedCorners(one.box) }))
    return { ok: true, fields: { width, height, found: list }, children: {} }
  }
  // Cut once, however many tasks look closer: of a large picture that takes longer than the model.
  const handed = ordered.filter(({ kind }) => context.next.some((one) => settings.goes(one, kind)))
  const crops = await cropThings(picture, handed, settings.crop, context.crops, context.codecs)
  const children = Object.fromEntries(context.next.map((child): [string, StageItem[]] => [
    child,
    crops.filter((_, i) => settings.goes(child, handed[i]!.kind)),
  ]))
  return { ok: true, fields: { width, height, found: things.length }, children }
}
