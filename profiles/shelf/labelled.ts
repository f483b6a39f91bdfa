/**
 * The labelled set of the `shelf` pipeline: held-back scenes, scored by things named right.
 *
 * @module
 */
import type { Example, Labelled } from '../../src/stages/labelled.ts'
import { pictureOf } from '../../src/stages/item.ts'
import { cropThings, thingCropsOf, uprightBox } from '../../src/stages/thing_crops.ts'
import type { StageItem } from '../../src/stages/types.ts'
import { heldBack, type Scene } from './held_back.ts'
import pipeline from './pipeline.json' with { type: 'json' }
import { scoreThings } from './score.ts'

const TAG = 'tag'
const isFor = (task: string, kind: string) => (task === 'price') === (kind === TAG)

export async function labelled(): Promise<Labelled> {
  const { index, scenes } = await heldBack()
  const count = (task: string) =>
    scenes.flatMap(({ things }) => things).filter(({ kind }) => isFor(task, kind)).length
  return {
    about: {
      kind: 'scenes of test images',
      firstSeed: index.firstSeed,
      garments: count('garment'),
      prices: count('price'),
    },
    names: { examples: 'scenes', truths: 'things' },
    count: scenes.length,
    example: (at) => Promise.resolve(exampleOf(scenes[at]!)),
  }
}

function exampleOf({ bytes, things }: Scene): Example {
  const input: StageItem = { meta: { type: 'image/jpeg' }, bytes }
  const thingsFor = (task: string) => things.filter(({ kind }) => isFor(task, kind))
  return {
    input,
    async perfect(task, codecs) {
      if (task === pipeline.root) return [input]
      const picture = await pictureOf({ ...input }, codecs)
      const true_ = thingsFor(task).map(({ kind, box }) => ({
        kind,
        score: 1,
        box: uprightBox(...box),
      }))
      return await cropThings(picture, true_, thingCropsOf(pipeline.tasks.detect), 'raw', codecs)
    },
    score: (leaves, task) => scoreThings(thingsFor(task), leaves),
  }
}
