/**
 * Pictures of a batch in groups that one run of the model takes: a run of eight large ones would need
 * more memory than a volunteer's device is reckoned to have for it.
 *
 * @module
 */
import { picturesTogether } from '../pipeline/hold.ts'
import { emptyInput, type PictureInput } from './picture_input.ts'
import type { Picture, StageContext } from './types.ts'

const most = ({ height, width }: PictureInput) => picturesTogether(height * width)

/** What `run` gives for each picture, in their order. */
export async function inRuns<T>(
  pictures: readonly Picture[],
  input: PictureInput,
  run: (pictures: readonly Picture[]) => Promise<readonly T[]>,
): Promise<T[]> {
  const results: T[] = []
  for (let from = 0; from < pictures.length; from += most(input)) {
    results.push(...await run(pictures.slice(from, from + most(input))))
  }
  return results
}

/** Feeds of the first run of a batch: what is warmed and measured. */
export const firstFeeds = ({ model }: StageContext, batch: number, input: PictureInput) => ({
  [model.inputNames[0]!]: emptyInput(input, Math.min(batch, most(input))),
})
