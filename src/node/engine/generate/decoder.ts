/**
 * Runs of a model that generates: rows with their pasts and new tokens in, the logits of each row's
 * last new token out, and the new keys and values into the rows' own memory.
 *
 * @module
 */
import { type DecoderShape, newNames } from '../../../pipeline/decoder_shape.ts'
import type { Model, Tensor } from '../../../stages/types.ts'
import { EngineError } from '../answer.ts'
import { batchSizes } from '../batch_shapes.ts'
import { BLOCK, createCache } from './cache.ts'
import { createCatProgram } from './cat_program.ts'
import { sourceOf } from './elements.ts'
import { createLane, type Lane } from './lane.ts'
import type { Program, Row } from './program.ts'
import { createSlotProgram } from './slot_program.ts'
import { LEAST, OF_SLOT, type Sharing, trySharing } from './sharing.ts'

/** Which lane a run's pasts are laid out in: rows that run again and again find theirs there. */
export type LaneName = 'steps' | 'chunks'

export interface Decoder {
  readonly vocab: number
  /** Laid out for runs, beside what the sequences hold. */
  readonly bytes: number
  /** The most that `bytes` may reach with `rows` rows of `tokens` tokens. */
  mostBytes(rows: number, tokens: number): number
  /** Which rows may share a run; the least until `prepare` was called. */
  readonly sharing: Sharing
  /** Finds out what the model can do. */
  prepare(): Promise<void>
  /**
   * Logits in the order of the rows, each a view that the next run may overwrite. A run that fails
   * leaves the rows as they were.
   *
   * @throws an error whose `code` is `run_failed` or `not_finite` where these rows may be the cause
   */
  run(rows: readonly Row[], lane: LaneName): Promise<Float32Array[]>
}

/** @param fillsUp the engine compiles for shapes: numbers of rows are kept to powers of two */
export function createDecoder(model: Model, shape: DecoderShape, fillsUp = false): Decoder {
  const { kind, layers, kvHeads, vocab } = shape
  const lanes: { [name in LaneName]: { lane: Lane; program: Program } } = {
    steps: { lane: createLane(shape), program: programOf(shape) },
    chunks: { lane: createLane(shape), program: programOf(shape) },
  }
  const news = Array.from({ length: layers }, (_, layer) => newNames(kind, layer)).flat()
  const pasts: { [name in LaneName]: number } = { steps: 0, chunks: 0 }
  let sharing = kind === 'slot' ? OF_SLOT : LEAST

  /** Tokens of the longest past, rounded up so that it fits for a while. */
  function pastFor(rows: readonly Row[], lane: LaneName, isExact: boolean): number {
    let most = 0
    for (const { kv } of rows) most = Math.max(most, kv.length)
    // Some backends have no tensors without elements; those who export decoders start with such.
    if (most === 0) return pasts[lane] = kind === 'slot' ? 1 : 0
    if (isExact) return pasts[lane] = most
    const wanted = Math.ceil(most / BLOCK) * BLOCK
    const before = pasts[lane]
    // What was laid out is laid out anew in another length: not for a little less.
    return wanted <= before && before - wanted <= BLOCK ? before : pasts[lane] = wanted
  }

  async function run(
    rows: readonly Row[],
    name: LaneName,
    isExact = sharing.evenPasts,
  ): Promise<Float32Array[]> {
    let fresh = 0
    for (const { count } of rows) fresh = Math.max(fresh, count)
    const past = pastFor(rows, name, isExact)
    const size = fillsUp ? batchSizes(rows.length).at(-1)! : rows.length
    const { lane, program } = lanes[name]
    const { places, feeds } = lane.arrange(rows.map(({ kv }) => kv), past, size)
    const placed = places.map((at) => rows[at])
    const outputs = await model.run({ ...program.feeds(placed, fresh, past), ...feeds }, true)

    const { at, stride } = program.lies(fresh, past)
    for (let part = 0; part < news.length; part++) {
      const source = sourceOf(told(outputs, news[part]!).data)
      for (let place = 0; place < size; place++) {
        const row = placed[place]
        row?.kv.put(part, row.count, source, place * kvHeads * stride + at, stride)
      }
    }
    const logits = told(outputs, 'logits')
    const answers = new Array<Float32Array>(rows.length)
    for (let place = 0; place < size; place++) {
      const row = placed[place]
      if (row === undefined) continue
      row.kv.grow(row.count)
      answers[places[place]!] = program.logits(logits, place)
    }
    return answers
  }

  return {
    vocab,
    get bytes() {
      return lanes.steps.lane.bytes + lanes.chunks.lane.bytes
    },
    mostBytes(rows, tokens) {
      const places = (fillsUp ? batchSizes(rows).at(-1)! : rows) * Math.ceil(tokens / BLOCK) * BLOCK
      return Object.keys(lanes).length * createCache(shape, places).mostBytes
    },
    get sharing() {
      return sharing
    },
    async prepare() {
      if (kind === 'slot') return
      const open = () => createCache(shape, BLOCK).open(BLOCK)!
      sharing = await trySharing(
        (rows, isUneven) => run(rows, 'chunks', !isUneven),
        open,
        vocab,
        shape.kv,
      )
    },
    run: (rows, lane) => run(rows, lane),
  }
}

const programOf = (shape: DecoderShape): Program =>
  shape.kind === 'slot' ? createSlotProgram(shape) : createCatProgram(shape)

function told(outputs: { [name: string]: Tensor }, name: string): Tensor {
  const found = outputs[name]
  if (found === undefined) throw new EngineError('run_failed', `The model gave no ${name}`)
  return found
}
