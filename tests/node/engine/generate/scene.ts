/** Loops over small real models, with a clock that stands still and a record of what was run. */
import type { Tensors } from '../../../../src/node/engine/generate/program.ts'
import { createLoop, type Loop, type LoopParts } from '../../../../src/node/engine/generate/loop.ts'
import type { Ended, Request } from '../../../../src/node/engine/generate/sequence.ts'
import { createOrtModel } from '../../../../src/node/engine/ort_model.ts'
import { type DecoderShape, decoderShapeOf } from '../../../../src/pipeline/decoder_shape.ts'
import { generateSchema, type Said } from '../../../../src/pipeline/generate.ts'
import { readGraph } from '../../../../src/pipeline/onnx/graph.ts'
import type { Constraint, Tokenizer } from '../../../../src/stages/generate/types.ts'
import type { Model } from '../../../../src/stages/types.ts'
import { CONTEXT, type Layout, madeDecoder, VOCAB } from './made_decoder.ts'

export const SLOT: Layout = { kind: 'slot', readsBefore: true }
export const END = 2

const LETTERS = 'abcdefghijklmnopqrstuvwxyz 0123456789.,:;{}[]"\'-+'
/** Characters of two, three and four bytes, a byte a token: they come whole or they do not. */
export const EURO = [52, 53, 54]
export const FACE = [55, 56, 57, 58]
export const LONE = 59
const BYTES: Uint8Array[] = [
  ...[[], [], []].map((none) => Uint8Array.from(none)),
  ...[...LETTERS].map((letter) => new TextEncoder().encode(letter)),
  ...[0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80, 0xff].map((byte) => Uint8Array.of(byte)),
  ...['ab', 'the', '##', '"}'].map((text) => new TextEncoder().encode(text)),
]

export const tokenizer: Tokenizer = {
  size: VOCAB,
  ends: [END],
  encode: (text) => [...text].map((letter) => LETTERS.indexOf(letter) + 3),
  bytesOf: (id) => BYTES[id]!,
}

const models = new Map<string, Promise<{ model: Model; shape: DecoderShape }>>()

/** The model of a layout, made and loaded once. */
export function modelOf(layout: Layout): Promise<{ model: Model; shape: DecoderShape }> {
  const key = JSON.stringify(layout)
  let made = models.get(key)
  if (made === undefined) {
    const bytes = madeDecoder(layout)
    const shape = decoderShapeOf(readGraph(bytes))
    models.set(key, made = createOrtModel(bytes).then((model) => ({ model, shape })))
  }
  return made
}

export interface Scene {
  loop: Loop
  /** Rows and new tokens of each run. */
  runs: [rows: number, fresh: number][]
  clock: { ms: number }
  ask(prompt: string, more?: Partial<Request>): Promise<Ended> & { said: Said[]; leave(): void }
}

interface SceneOptions extends Partial<Omit<LoopParts, 'task'>> {
  layout?: Layout
  task?: { [field: string]: unknown }
  /** Called with the inputs of each run, before it. */
  before?(feeds: Tensors): void
}

export async function scene(options: SceneOptions = {}): Promise<Scene> {
  const { layout = SLOT, task, before, ...parts } = options
  const { shape, model: made } = await modelOf(layout)
  const { model = made } = parts
  const clock = { ms: 0 }
  const runs: Scene['runs'] = []
  const spied: Model = {
    ...model,
    run(feeds, exact) {
      const [rows, fresh] = feeds['input_ids']!.dims
      runs.push([rows!, fresh!])
      before?.(feeds)
      return model.run(feeds, exact)
    },
  }
  const loop = createLoop({
    ...{ shape, tokenizer, tellMs: 0, nowMs: () => clock.ms },
    task: generateSchema.parse({ context: CONTEXT, maxTokens: 24, ...task }),
    ...parts,
    model: spied,
  })
  return {
    ...{ loop, runs, clock },
    ask(prompt, more) {
      const said: Said[] = []
      const { done, leave } = loop.add(
        { item: 0, prompt: tokenizer.encode(prompt), ask: {}, expiresMs: 1e6, ...more },
        (one) => said.push(one),
      )
      return Object.assign(done, { said, leave })
    },
  }
}

/** What was generated; fails where nothing was. */
export function generated(ended: Ended) {
  if (!ended.ok) throw new Error(`${ended.reason}: ${ended.message}`)
  return ended.generated
}

/** Lets just one text through, token by token, and says so of each of which `tells` does. */
export function script(ids: readonly number[], tells = (_at: number) => false): Constraint {
  const mask = new Uint8Array(VOCAB)
  let at = 0
  return {
    mask() {
      mask.fill(0)
      mask[ids[at] ?? END] = 1
      return mask
    },
    forced: () => tells(at) ? ids[at]! : -1,
    accept: () => void at++,
    get isOver() {
      return at >= ids.length
    },
  }
}
