/**
 * Finding lines of text: a picture in, one upright crop for each line out, in reading order.
 *
 * @module
 */
import type { Json, Picture, Stage, StageContext, StageItem, Tensor } from './types.ts'
import { checkPictureModels } from './check_picture.ts'
import { cornersOf, sliceBox, type TextBox } from './box.ts'
import { cropFormat, cutCrop } from './crop.ts'
import { fit, inputShapes, type Size } from './input_shape.ts'
import { invalidInput, pictureOf } from './item.ts'
import { cropOf, type CropOptions, inputOf } from './options.ts'
import { readingOrder } from './reading_order.ts'
import { resizeInto } from './resample.ts'
import { samplePicture } from './sample.ts'
import { textBoxes } from './text_boxes.ts'
import { inkedStretches } from './visual_runs.ts'

/** Enlarging a small picture further than this finds no more text. */
const maxScale = 2

// ImageNet mean and deviation for blue, green, red: what the network was trained with.
const mean = [0.406, 0.456, 0.485] as const
const deviation = [0.225, 0.224, 0.229] as const
const scale = [0, 1, 2].map((c) => 1 / 255 / deviation[c]!) as [number, number, number]
const bias = [0, 1, 2].map((c) => -mean[c]! / deviation[c]!) as [number, number, number]

/**
 * Stage `text-detection`. Task or variant: `input: {height, width}`, a budget of pixels spent on the
 * shape that suits the picture. Task: `crop: {maxHeight, maxWidth, quality}` for the children.
 *
 * Items: `{type: media type}` and the file. Fields: `{width, height, lines}`. Children:
 * `{format, width, height, box}`, `box` in pixels of the picture as its viewer sees it; and `page`, where
 * that is said of the item.
 * The model maps `[1, 3, H, W]` to probabilities `[1, 1, H, W]`, for any H and W.
 */
export const textDetection: Stage = {
  run: async (items, context) => {
    const results = []
    // One at a time: pictures differ in shape, and one alone fills any engine.
    for (const item of items) {
      let picture: Picture
      try {
        picture = await pictureOf(item, context.codecs)
      } catch (error) {
        results.push(invalidInput(error))
        continue
      }
      const { page } = item.meta
      const lines = await crops(picture, await findLines(picture, context), context, page)
      results.push({
        ok: true as const,
        fields: { width: picture.width, height: picture.height, lines: lines.length },
        children: Object.fromEntries(context.next.map((task) => [task, lines])),
      })
    }
    return results
  },
  check: (given) =>
    checkPictureModels(given, (variant) => {
      inputOf({ task: given.task, variant })
      cropOf(given.task)
      return { input: [-1, 3, -1, -1], vary: [2, 3], outputs: [[[-1, 1, -1, -1]]] }
    }),
  fields: () => ['width', 'height', 'lines'],
  tells: ['box'],
  warmUp: (context) => {
    const name = context.model.inputNames[0]!
    return shapesOf(context).map((shape) => ({ [name]: tensorOf(shape) }))
  },
  sample: samplePicture,
  takes: 'pictures',
  handsOn: 'pictures',
}

/** The same on every engine: results of two nodes can be compared only where both saw the same. */
const shapesOf = (context: StageContext): Size[] => inputShapes(inputOf(context))

function tensorOf({ width, height }: Size): Tensor & { data: Float32Array } {
  return {
    type: 'float32',
    dims: [1, 3, height, width],
    data: new Float32Array(3 * height * width),
  }
}

/** Boxes of lines in pixels of the picture, in no order. */
async function findLines(picture: Picture, context: StageContext): Promise<TextBox[]> {
  const { shape, width, height } = fit(picture, shapesOf(context), maxScale)
  const input = tensorOf(shape)
  resizeInto(picture, {
    data: input.data,
    offset: 0,
    planeWidth: shape.width,
    planeHeight: shape.height,
    width,
    height,
    scale,
    bias,
  })
  const { inputNames, outputNames } = context.model
  const output = (await context.model.run({ [inputNames[0]!]: input }))[outputNames[0]!]
  if (
    !(output?.data instanceof Float32Array) || output.data.length !== shape.width * shape.height
  ) {
    throw new TypeError(`Cannot use the detector's output: received dims ${output?.dims}`)
  }
  const perX = picture.width / width
  const perY = picture.height / height
  return textBoxes(output.data, shape.width, shape.height).map((box) => ({
    cx: box.cx * perX,
    cy: box.cy * perY,
    width: box.width * perX,
    height: box.height * perY,
    angle: box.angle,
  }))
}

async function crops(
  picture: Picture,
  boxes: readonly TextBox[],
  context: StageContext,
  page: Json | undefined,
): Promise<StageItem[]> {
  const options = cropOf(context.task)
  const pieces = boxes.flatMap((box) => splitLine(picture, box, options))
    .filter(({ box }) => isOn(picture, box))
  const ordered = readingOrder(pieces.map((p) => p.box)).map((i) => pieces[i]!)
  const format = cropFormat(context.crops, ordered.map(({ crop }) => crop))
  const items: StageItem[] = []
  for (const { box, crop } of ordered) {
    items.push({
      meta: {
        format,
        width: crop.width,
        height: crop.height,
        box: cornersOf(box).map((point) => point.map((value) => Math.round(value * 10) / 10)),
        ...page === undefined ? {} : { page },
      },
      bytes: format === 'rgb'
        ? crop.data as Uint8Array
        : await context.codecs.encodeJpeg(crop, options.quality),
    })
  }
  return items
}

/** Outside the picture the input is padding: boxes found there are dropped. */
const isOn = ({ width, height }: Picture, { cx, cy }: TextBox): boolean =>
  cx >= 0 && cy >= 0 && cx < width && cy < height

/** Cuts a line out, in two or more where the picture shows a gap too wide for one line. */
function splitLine(
  picture: Picture,
  box: TextBox,
  options: CropOptions,
): { box: TextBox; crop: Picture }[] {
  const crop = cutCrop(picture, box, options)
  const stretches = inkedStretches(crop, crop.height)
  if (stretches.length === 1) return [{ box, crop }]
  const perColumn = box.width / crop.width
  const margin = 0.2 * crop.height
  return stretches.map(([from, to]) => {
    const piece = sliceBox(
      box,
      Math.max(0, from - margin) * perColumn,
      Math.min(crop.width, to + margin) * perColumn,
    )
    return { box: piece, crop: cutCrop(picture, piece, options) }
  })
}
