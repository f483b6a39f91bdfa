/**
 * Graphs of our own: masks come as a bias that is added, and only what is new comes out. Rows of a run
 * may have pasts and new tokens of any length; the shorter ones are filled up on the right.
 *
 * @module
 */
import type { DecoderShape } from '../../../pipeline/decoder_shape.ts'
import { filledData } from '../../../pipeline/tensor.ts'
import { integers, numbersAt, type Placed, type Program } from './program.ts'

/** What is added where a token must not look: next to nothing after softmax. */
const HIDDEN = { float32: -1e9, float16: -65504 } as const

export function createSlotProgram({ types, vocab }: DecoderShape): Program {
  const biasType = types['bias'] as keyof typeof HIDDEN
  /** Of the token so many places before each new one. */
  const before = [0, 1, 2].map((by) => by === 0 ? 'input_ids' : `before_${by}`)
    .flatMap((name, by) => types[name] === undefined ? [] : [{ name, by, type: types[name] }])

  function biasOf(rows: Placed, fresh: number, past: number) {
    const wide = past + fresh
    const data = filledData(biasType, rows.length * fresh * wide, HIDDEN[biasType])
    rows.forEach((row, place) => {
      const count = row?.count ?? 1
      for (let i = 0; i < fresh; i++) {
        const from = (place * fresh + i) * wide
        if (row !== undefined) data.fill(0 as never, from, from + row.kv.length)
        data.fill(0 as never, from + past, from + past + Math.min(i + 1, count))
      }
    })
    return { type: biasType, dims: [rows.length, 1, fresh, wide], data }
  }

  return {
    feeds(rows, fresh, past) {
      const dims = [rows.length, fresh]
      const length = rows.length * fresh
      const ids = before.map(({ type }) => integers(type, dims, length))
      const positions = integers(types['position_ids']!, dims, length)
      const last = integers(types['last']!, [rows.length], rows.length)
      rows.forEach((row, place) => {
        if (row === undefined) return
        const first = row.kv.length
        for (let i = 0; i < fresh; i++) {
          // What is filled up stays within the positions that the model knows.
          const token = first + Math.min(i, row.count - 1)
          const at = place * fresh + i
          ids.forEach(({ set }, n) => set(at, row.ids[token - before[n]!.by] ?? 0))
          positions.set(at, token)
        }
        last.set(place, row.count - 1)
      })
      return {
        ...Object.fromEntries(before.map(({ name }, n) => [name, ids[n]!.tensor])),
        position_ids: positions.tensor,
        last: last.tensor,
        bias: biasOf(rows, fresh, past),
      }
    },
    lies: (fresh) => ({ at: 0, stride: fresh }),
    logits: (tensor, place) => numbersAt(tensor, place * vocab, vocab),
  }
}
