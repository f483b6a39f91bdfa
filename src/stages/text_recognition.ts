/**
 * Reading lines: upright crops in, text out.
 *
 * @module
 */
import type { ItemResult, JsonObject, Picture, Stage, StageContext, Tensor } from './types.ts'
import { alphabetOf, checkAlphabet } from './alphabet.ts'
import { checkPictureModels } from './check_picture.ts'
import { greedyCtc, joinReadings, type Reading } from './ctc.ts'
import { invalidInput, pictureOf } from './item.ts'
import { linePieces } from './line_pieces.ts'
import { type Input, inputOf } from './options.ts'
import { DECODED_PIXELS } from './picture_runs.ts'
import { resizeInto } from './resample.ts'
import { samplePicture } from './sample.ts'
import { shareOf } from './share.ts'
import { isDoubtful, isSurer, turnedBox, upsideDown } from './turned_lines.ts'

const scale = [1 / 127.5, 1 / 127.5, 1 / 127.5] as const
const bias = [-1, -1, -1] as const

const NOTHING: Reading = { text: '', confidence: 0, length: 0 }

/** A piece of a line: one row of a batch. */
interface Row {
  item: number
  picture: Picture
  from: number
  to: number
}

/**
 * Stage `text-recognition`. Task: `alphabet`, see `alphabet.ts`. Task or variant: `input: {height,
 * width, stretch}`; a line is drawn `stretch` times wider than natural, zeros to its right; a line too
 * long for that is read in pieces, cut at gaps between words, each a row of its own.
 *
 * Items: `{format: 'rgb', width, height}` and RGB bytes, or `{format: 'jpeg', width, height}`, or
 * `{type}` and a file. Fields: `{text, confidence}`, null where nothing was read; of a line that was
 * told of a `box` and stands on its head also `box`, its corners from where reading begins.
 * The model maps `[N, 3, H, W]` to `[N, steps, classes]`, a blank and the alphabet: see `greedyCtc`.
 */
export const textRecognition: Stage = {
  run: async (items, context) => {
    const input = inputOf(context)
    const failed = new Map<number, ItemResult>()
    const readings: Reading[] = items.map(() => NOTHING)
    const onHeads = new Set<number>()
    let pictures = new Map<number, Picture>()
    let pixels = 0
    const settle = async () => {
      for (const [item, reading] of await readAll(pictures, items.length, context)) {
        readings[item] = reading
      }
      const doubtful = [...pictures].filter(([item]) => isDoubtful(readings[item]!, input.height))
      const turned = new Map(doubtful.map(([item, picture]) => [item, upsideDown(picture)]))
      for (const [item, reading] of await readAll(turned, items.length, context)) {
        if (!isSurer(reading, readings[item]!)) continue
        readings[item] = reading
        onHeads.add(item)
      }
      pictures = new Map()
      pixels = 0
    }
    for (const [item, { meta, bytes }] of items.entries()) {
      try {
        const picture = await pictureOf({ meta, bytes }, context.codecs)
        pictures.set(item, picture)
        pixels += picture.width * picture.height
      } catch (error) {
        failed.set(item, invalidInput(error))
      }
      if (pixels >= DECODED_PIXELS) await settle()
    }
    await settle()
    return items.map(({ meta }, item) =>
      failed.get(item) ?? resultOf(readings[item]!, onHeads.has(item) ? turnedBox(meta) : {})
    )
  },
  check: (given) => {
    const characters = checkAlphabet(given).length
    checkPictureModels(given, (variant) => {
      const { height, width } = inputOf({ task: given.task, variant })
      return {
        input: [-1, 3, height, width],
        outputs: [[[-1, -1, characters + 1]]],
        note: `${characters + 1} classes are a blank and the ${characters} characters of alphabet`,
      }
    })
  },
  fields: () => ['text', 'confidence'],
  warmUp: (context, batch) => {
    return [{ [context.model.inputNames[0]!]: tensorOf(inputOf(context), batch) }]
  },
  sample: samplePicture,
  takes: 'pictures',
  handsOn: 'nothing',
}

function tensorOf({ width, height }: Input, batch: number): Tensor & { data: Float32Array } {
  return {
    type: 'float32',
    dims: [batch, 3, height, width],
    data: new Float32Array(batch * 3 * height * width),
  }
}

/** The text read from each picture, by its item. */
async function readAll(
  pictures: ReadonlyMap<number, Picture>,
  mostRows: number,
  context: StageContext,
): Promise<Map<number, Reading>> {
  const input = inputOf(context)
  const capacity = input.width / (input.height * input.stretch)
  const rows = [...pictures].flatMap(([item, picture]) =>
    linePieces(picture, capacity).map(([from, to]): Row => ({ item, picture, from, to }))
  )
  const pieces = new Map<number, Reading[]>([...pictures.keys()].map((item) => [item, []]))
  // No larger batches than asked for: those are the ones that were warmed and measured.
  for (let i = 0; i < rows.length; i += mostRows) {
    const some = rows.slice(i, i + mostRows)
    const read = await readRows(some, input, context)
    some.forEach(({ item }, n) => pieces.get(item)!.push(read[n]!))
  }
  return new Map([...pieces].map(([item, readings]) => [item, joinReadings(readings)]))
}

async function readRows(
  rows: readonly Row[],
  input: Input,
  context: StageContext,
): Promise<Reading[]> {
  const alphabet = alphabetOf(context.task)
  const tensor = tensorOf(input, rows.length)
  rows.forEach(({ picture, from, to }, i) => {
    const natural = (to - from) * input.height / picture.height * input.stretch
    resizeInto(
      picture,
      {
        data: tensor.data,
        offset: i * 3 * input.height * input.width,
        planeWidth: input.width,
        planeHeight: input.height,
        width: Math.max(1, Math.min(input.width, Math.round(natural))),
        height: input.height,
        scale,
        bias,
      },
      from,
      to - from,
    )
  })
  const { inputNames, outputNames } = context.model
  const output = (await context.model.run({ [inputNames[0]!]: tensor }))[outputNames[0]!]
  const [batch, steps, classes] = output?.dims ?? []
  const data = output?.data
  if (
    !(data instanceof Float32Array) || batch !== rows.length ||
    classes !== alphabet.length + 1 || steps === undefined
  ) {
    const wanted = `${rows.length}, any number, ${alphabet.length + 1}`
    throw new TypeError(
      `Cannot use the recogniser's output: received dims ${output?.dims}, want ${wanted}`,
    )
  }
  return rows.map((_, i) => greedyCtc(data, i * steps * classes, steps, alphabet))
}

/** @param more of a line on its head */
function resultOf({ text, confidence: mean }: Reading, more: JsonObject): ItemResult {
  const confidence = shareOf(mean, 'the model has to end with a softmax')
  const fields = text === ''
    ? null
    : { text, confidence: Math.round(confidence * 1e4) / 1e4, ...more }
  return { ok: true, fields, children: {} }
}
