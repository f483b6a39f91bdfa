/**
 * The labelled set of the `receipt` pipeline: photos of held-back receipts, scored by fields.
 *
 * @module
 */
import { boxOfCorners } from '../../src/stages/box.ts'
import { cutCrop } from '../../src/stages/crop.ts'
import { pictureOf } from '../../src/stages/item.ts'
import type { Example, Labelled } from '../../src/stages/labelled.ts'
import type { ImageCodecs, StageItem } from '../../src/stages/types.ts'
import { openStudio, type Studio } from '../ocr/canvas.ts'
import { scoreLeaves } from '../fields/labelled.ts'
import { makeReceipt, randomOf } from '../fields/receipts.ts'
import { lookOf, type Photo, renderReceipt } from './render.ts'

/** No other seed of the held-back world was looked at while anything was chosen. */
export const seed = 20262
export const photoCount = 100

/** The set, or why it cannot be had: canvas and fonts are development packages. */
export async function labelled(
  options: { seed?: number; count?: number } = {},
): Promise<Labelled | { skip: string }> {
  const studio = await openStudio()
  if ('skip' in studio) return studio
  const own = options.seed ?? seed
  return {
    about: { kind: 'photos of generated receipts', seed: own },
    names: { examples: 'photos', truths: 'receipts', units: 'fields' },
    count: options.count ?? photoCount,
    example: (index) => exampleOf(studio, own, index),
  }
}

async function exampleOf(studio: Studio, own: number, index: number): Promise<Example> {
  const random = randomOf(own, index)
  const receipt = makeReceipt(random, { world: 'held-back', ascii: true })
  const photo = await renderReceipt(studio, receipt, random, lookOf(random, 'held-back'))
  const input: StageItem = { meta: { type: photo.type }, bytes: photo.bytes }
  return {
    input,
    perfect: async (task, codecs) => {
      if (task === 'detect') return [input]
      return task === 'recognise' ? await trueCrops(input, photo, codecs) : [allRead(photo)]
    },
    score: (leaves) => scoreLeaves(receipt.fields, leaves),
  }
}

async function trueCrops(
  input: StageItem,
  { runs }: Photo,
  codecs: ImageCodecs,
): Promise<StageItem[]> {
  const picture = await pictureOf(input, codecs)
  return runs.map(({ box }) => {
    const crop = cutCrop(picture, boxOfCorners(box), { maxHeight: 48, maxWidth: 2400 })
    return {
      meta: { format: 'rgb', width: crop.width, height: crop.height, box },
      bytes: crop.data as Uint8Array,
    }
  })
}

/** What a faultless recogniser says of all runs together. */
function allRead({ runs }: Photo): StageItem {
  const gathered = runs.map(({ text, box }) => ({ text, confidence: 1, box }))
  return { meta: { gathered }, bytes: new Uint8Array() }
}
