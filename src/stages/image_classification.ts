/**
 * Classifies a picture: one label, or one at each of several places, as in a row of digits.
 *
 * @module
 */
import { z } from 'zod'
import type { ItemResult, JsonObject, Stage, StageItem, Tensor } from './types.ts'
import { checkPictureModels } from './check_picture.ts'
import { handingOf } from './handing.ts'
import { labelsOf } from './labels.ts'
import { oncePerVariant } from './once.ts'
import { readField } from './options.ts'
import { emptyInput, inputTensor, type PictureInput, pictureInputOf } from './picture_input.ts'
import { firstFeeds, inRuns } from './picture_runs.ts'
import { samplePicture } from './sample.ts'
import { shareOf } from './share.ts'

const scoresSchema = z.strictObject({
  /** What the model gives: `logits` need a softmax, `probabilities` none. */
  scores: z.enum(['logits', 'probabilities']).default('logits'),
  /** The number of places; with it, the answer is a `text` of the labels side by side. */
  places: z.number().int().min(1).max(1024).optional(),
  /** Answers less sure than this are none. */
  minConfidence: z.number().min(0).max(1).default(0),
})
type Scores = z.infer<typeof scoresSchema>

/**
 * Stage `image-classification`. Task or variant: `labels`, `input` as in `picture_input.ts`, `output:
 * {scores, places, minConfidence}`; task: `hand: {child: [label]}`, by which an item goes on to child
 * tasks.
 *
 * Items: `{type: media type}` and the file, or a crop. Fields: `{label, confidence}`; with `places`,
 * `{text, confidence}`, where the empty label is nothing and the confidence is that all are right.
 * The model maps a batch to `[N, labels]`, with places to `[N, places, labels]`. A batch is one run, or
 * a few where pictures are large.
 */
export const imageClassification: Stage = {
  run: async (items, context) => {
    const settings = settingsOf(context)
    const { inputNames, outputNames } = context.model
    return await inRuns(items, context, settings.input, async (some) => {
      const { tensor } = inputTensor(some.map(({ picture }) => picture), settings.input)
      const output = (await context.model.run({ [inputNames[0]!]: tensor }))[outputNames[0]!]
      const answers = answersOf(output, some.length, settings)
      return some.map(({ item }, i) => resultOf(item, answers[i]!, settings, context.next))
    })
  },
  check: (given) =>
    checkPictureModels(given, (variant) => {
      const { input, labels, scores: { places } } = settingsOf({
        task: given.task,
        variant,
        next: given.task.next,
      })
      const { dims } = emptyInput(input, 1)
      return {
        input: [-1, ...dims.slice(1)],
        type: input.type,
        outputs: [[[-1, ...places === undefined ? [] : [places], labels.length]]],
      }
    }),
  fields(task) {
    const variants = Object.values(task.variants)
    const words = variants.map((variant) =>
      wordOf(settingsOf({ task, variant, next: task.next }).scores)
    )
    return [...new Set(words), 'confidence']
  },
  warmUp: (context, batch) => [firstFeeds(context, batch, settingsOf(context).input)],
  sample: samplePicture,
  takes: 'pictures',
  handsOn: 'pictures',
}

interface Settings {
  input: PictureInput
  labels: readonly string[]
  scores: Scores
  goes: (child: string, label: string) => boolean
}

/** @throws TypeError saying what in the pipeline file cannot be used */
const settingsOf = oncePerVariant(({ task, variant, next }): Settings => {
  const output = { ...task['output'] as object, ...variant['output'] as object }
  const labels = labelsOf(task, variant)
  return {
    input: pictureInputOf(task, variant),
    labels,
    scores: readField(scoresSchema, 'output', 'a task', output),
    goes: handingOf(task, next, labels),
  }
})

/** What its answer is called. */
const wordOf = ({ places }: Scores) => places === undefined ? 'label' : 'text'

interface Reading {
  words: string[]
  confidence: number
}

/** @throws TypeError naming the shape expected and found */
function answersOf(output: Tensor | undefined, batch: number, settings: Settings): Reading[] {
  const { labels, scores: { scores, places } } = settings
  const rows = places ?? 1
  const data = output?.data
  if (!(data instanceof Float32Array) || data.length !== batch * rows * labels.length) {
    const wanted = [batch, ...places === undefined ? [] : [places], labels.length].join(', ')
    const found = output === undefined ? 'none' : `${output.type} [${output.dims.join(', ')}]`
    throw new TypeError(`Cannot read scores: expected output float32 [${wanted}], found ${found}`)
  }
  return Array.from({ length: batch }, (_, n) => {
    const words: string[] = []
    let confidence = 1
    for (let row = 0; row < rows; row++) {
      const from = (n * rows + row) * labels.length
      const [best, share] = bestOf(data.subarray(from, from + labels.length), scores)
      words.push(labels[best]!)
      confidence *= share
    }
    return { words, confidence }
  })
}

function bestOf(row: Float32Array, scores: Scores['scores']): [best: number, share: number] {
  let best = 0
  for (let k = 1; k < row.length; k++) if (row[k]! > row[best]!) best = k
  if (scores === 'probabilities') {
    return [best, shareOf(row[best]!, 'output.scores of these may be logits')]
  }
  let sum = 0
  for (let k = 0; k < row.length; k++) sum += Math.exp(row[k]! - row[best]!)
  return [best, 1 / sum]
}

function resultOf(
  item: StageItem,
  { words, confidence }: Reading,
  { scores, goes }: Settings,
  next: readonly string[],
): ItemResult {
  const text = words.join('')
  const none = confidence < scores.minConfidence || text === ''
  const fields: JsonObject | null = none ? null : {
    [wordOf(scores)]: text,
    confidence: Math.round(confidence * 1e4) / 1e4,
  }
  const children = Object.fromEntries(
    next.map((child) => [child, !none && goes(child, text) ? [item] : []]),
  )
  return { ok: true, fields, children }
}
