/**
 * Graphs of our own: masks come as a bias that is added, and only what is new comes out. Rows of a run
 * may have pasts and new tokens of any length; the shorter ones are filled up on the right.
 *
 * @module
 */
import type { DecoderShape } from '../../../pipeline/decoder_shape.ts'
import { filledData, type TensorData } from '../../../pipeline/tensor.ts'
import { Integers, numbersAt, type Placed, type Program, type Tensors } from './program.ts'

/** What is added where a token must not look: next to nothing after softmax. */
const HIDDEN = { float32: -1e9, float16: -65504 } as const

/** Inputs of one shape; a run after another writes into them. */
interface Inputs {
  size: number
  fresh: number
  past: number
  /** Of the token so many places before each new one. */
  ids: Integers[]
  positions: Integers
  last: Integers
  bias: TensorData
  /** Of each place, how much of the past the bias shows. */
  shown: number[]
  feeds: Tensors
}

export function createSlotProgram({ types, vocab }: DecoderShape): Program {
  const biasType = types['bias'] as keyof typeof HIDDEN
  const idNames = ['input_ids', 'before_1', 'before_2']
  let inputs: Inputs | undefined

  function make(size: number, fresh: number, past: number): Inputs {
    const dims = [size, fresh]
    const ids = idNames.map((name) => new Integers(types[name] ?? 'int32', dims))
    const positions = new Integers(types['position_ids']!, dims)
    const last = new Integers(types['last']!, [size])
    const wide = past + fresh
    const bias = filledData(biasType, size * fresh * wide, HIDDEN[biasType])
    const feeds: Tensors = {
      position_ids: positions.tensor,
      last: last.tensor,
      bias: { type: biasType, dims: [size, 1, fresh, wide], data: bias },
    }
    idNames.forEach((name, by) => {
      if (types[name] !== undefined) feeds[name] = ids[by]!.tensor
    })
    // A token of a place without a row looks at itself.
    for (let i = 0; i < size * fresh; i++) bias[i * wide + past] = 0 as never
    const shown = new Array<number>(size).fill(0)
    return { size, fresh, past, ids, positions, last, bias, shown, feeds }
  }

  /** A step's bias changes by the token that came last, as long as the row stays in its place. */
  function show({ bias, past, shown }: Inputs, place: number, length: number): void {
    const from = place * (past + 1)
    const before = shown[place]!
    if (length >= before) {
      for (let i = before; i < length; i++) bias[from + i] = 0 as never
    } else {
      const hidden = filledData(biasType, before - length, HIDDEN[biasType])
      bias.set(hidden as never, from + length)
    }
    shown[place] = length
  }

  function showAll({ bias, past, fresh }: Inputs, rows: Placed): void {
    const wide = past + fresh
    rows.forEach((row, place) => {
      if (row === undefined) return
      for (let i = 0; i < fresh; i++) {
        const from = (place * fresh + i) * wide
        bias.fill(0 as never, from, from + row.kv.length)
        bias.fill(0 as never, from + past, from + past + Math.min(i + 1, row.count))
      }
    })
  }

  return {
    feeds(rows, fresh, past) {
      const size = rows.length
      const isSame = fresh === 1 && inputs?.fresh === 1 && inputs.size === size
      if (!isSame || inputs!.past !== past) inputs = make(size, fresh, past)
      const { ids, positions, last, feeds } = inputs!
      if (fresh > 1) showAll(inputs!, rows)
      for (let place = 0; place < size; place++) {
        const row = rows[place]
        if (row === undefined) continue
        const first = row.kv.length
        if (fresh === 1) show(inputs!, place, first)
        for (let i = 0; i < fresh; i++) {
          // What is filled up stays within the positions that the model knows.
          const token = first + Math.min(i, row.count - 1)
          const at = place * fresh + i
          for (let by = 0; by < ids.length; by++) ids[by]!.set(at, row.ids[token - by] ?? 0)
          positions.set(at, token)
        }
        last.set(place, row.count - 1)
      }
      return feeds
    },
    lies: (fresh) => ({ at: 0, stride: fresh }),
    logits: (tensor, place) => numbersAt(tensor, place * vocab, vocab),
  }
}
