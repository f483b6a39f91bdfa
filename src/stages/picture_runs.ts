/**
 * Pictures of a batch in groups that one run of the model takes: a run of eight large ones would
 * need more memory than a volunteer's device is assumed to have, and so would eight decoded
 * photographs.
 *
 * @module
 */
import { picturesTogether } from '../pipeline/hold.ts'
import { invalidInput, pictureOf } from './item.ts'
import { emptyInput, type PictureInput } from './picture_input.ts'
import type { ItemResult, Picture, StageContext, StageItem } from './types.ts'

const most = ({ height, width }: PictureInput) => picturesTogether(height * width)

/** Decoded pixels, 64 MiB of them, beyond which no further picture joins a group. */
export const DECODED_PIXELS = 2 ** 24

/** A picture, and the item that it came of. */
export interface Decoded {
  item: StageItem
  picture: Picture
}

/**
 * Results of a batch, in the order of its items; of a picture that cannot be had a failed one.
 *
 * @param run gives the result of each of some pictures, in their order
 */
export async function inRuns(
  items: readonly StageItem[],
  { codecs }: Pick<StageContext, 'codecs'>,
  input: PictureInput,
  run: (some: readonly Decoded[]) => Promise<readonly ItemResult[]>,
): Promise<ItemResult[]> {
  const results: ItemResult[] = new Array(items.length)
  let some: (Decoded & { at: number })[] = []
  let pixels = 0
  const settle = async () => {
    const made = await run(some)
    some.forEach(({ at }, i) => results[at] = made[i]!)
    some = []
    pixels = 0
  }
  for (const [at, item] of items.entries()) {
    try {
      const picture = await pictureOf(item, codecs)
      some.push({ at, item, picture })
      pixels += picture.width * picture.height
    } catch (error) {
      results[at] = invalidInput(error)
    }
    if (some.length >= most(input) || pixels >= DECODED_PIXELS) await settle()
  }
  if (some.length > 0) await settle()
  return results
}

/** Feeds of a batch's first run, for warm-up and measurement. */
export const firstFeeds = ({ model }: StageContext, batch: number, input: PictureInput) => ({
  [model.inputNames[0]!]: emptyInput(input, Math.min(batch, most(input))),
})
