/**
 * What is said of answers on its way to the wire: items by their position in the batch, and no message
 * beyond its bounds.
 *
 * @module
 */
import type { Said } from '../pipeline/generate.ts'
import type { NodeMessage } from '../protocol/messages.ts'
import { MAX_SAID, MAX_SAID_TEXT } from '../protocol/said.ts'

type SaidMessage = Extract<NodeMessage, { type: 'said' }>

/** @param positions of the items in the batch; one without is passed over */
export function saidMessages(
  batch: number,
  said: readonly Said[],
  positions: readonly number[],
): SaidMessage[] {
  const items = said.flatMap((one) => {
    const item = positions[one.item]
    return item === undefined ? [] : piecesOf({ ...one, item })
  })
  const messages: SaidMessage[] = []
  // One piece of each item at a time, so that the pieces of one come in their order.
  for (let rest = items; rest.length > 0 || messages.length === 0;) {
    const now = rest.filter(({ item }, i) => rest.findIndex((other) => other.item === item) === i)
    messages.push({ type: 'said', batch, items: now })
    rest = rest.filter((one) => !now.includes(one))
  }
  return messages
}

/** Cut where it is too long; mostly it is not. */
function piecesOf(said: Said): Said[] {
  const { ids, text } = said
  const count = Math.max(
    1,
    Math.ceil(ids.length / MAX_SAID),
    Math.ceil(text.length / MAX_SAID_TEXT),
  )
  return Array.from({ length: count }, (_, i) => ({
    ...said,
    from: said.from + Math.min(i * MAX_SAID, ids.length),
    ids: ids.slice(i * MAX_SAID, (i + 1) * MAX_SAID),
    at: said.at + Math.min(i * MAX_SAID_TEXT, text.length),
    text: text.slice(i * MAX_SAID_TEXT, (i + 1) * MAX_SAID_TEXT),
  }))
}
