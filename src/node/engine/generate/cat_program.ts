/**
 * Graphs as Optimum and Transformers.js export them: past and new are joined inside and come out whole.
 * Rows of a run have equally many new tokens; a past that is shorter than the longest is followed by
 * places that the mask hides.
 *
 * @module
 */
import type { DecoderShape } from '../../../pipeline/decoder_shape.ts'
import { Integers, numbersAt, type Program, type Tensors } from './program.ts'

export function createCatProgram({ types, vocab }: DecoderShape): Program {
  return {
    feeds(rows, fresh, past) {
      const size = rows.length
      const wide = past + fresh
      const ids = new Integers(types['input_ids']!, [size, fresh])
      const mask = new Integers(types['attention_mask']!, [size, wide])
      const positions = new Integers(types['position_ids'] ?? 'int32', [size, fresh])
      rows.forEach((row, place) => {
        const first = row?.kv.length ?? 0
        for (let i = 0; i < first; i++) mask.set(place * wide + i, 1)
        for (let i = 0; i < fresh; i++) {
          mask.set(place * wide + past + i, 1)
          ids.set(place * fresh + i, row?.ids[first + i] ?? 0)
          positions.set(place * fresh + i, first + i)
        }
      })
      const feeds: Tensors = { input_ids: ids.tensor, attention_mask: mask.tensor }
      if (types['position_ids'] !== undefined) feeds['position_ids'] = positions.tensor
      if (types['use_cache_branch'] !== undefined) {
        feeds['use_cache_branch'] = {
          type: 'bool',
          dims: [1],
          data: Uint8Array.of(Number(past > 0)),
        }
      }
      if (types['num_logits_to_keep'] !== undefined) {
        const one = new Integers(types['num_logits_to_keep'], [])
        one.set(0, 1)
        feeds['num_logits_to_keep'] = one.tensor
      }
      return feeds
    },
    lies: (fresh, past) => ({ at: past, stride: past + fresh }),
    logits: (tensor, place) =>
      numbersAt(tensor, ((place + 1) * tensor.dims[1]! - 1) * vocab, vocab),
  }
}
