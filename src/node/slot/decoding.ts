/**
 * Large pictures, decoded one at a time whatever the number of slots: what one takes is counted once
 * against the memory of the node.
 *
 * @module
 */
import { pictureHead } from '../../pipeline/picture_head.ts'
import type { StageItem } from '../../stages/types.ts'

/** Smaller ones are decoded within what a slot is reckoned with anyway. */
export const SMALL_PIXELS = 2 ** 22

/** Waits for the turn of a batch with a large picture; returns what is to be called when it is done. */
export type Decoding = (items: readonly StageItem[]) => Promise<() => void>

export function createDecoding(): Decoding {
  let last = Promise.resolve()
  return async (items) => {
    if (!items.some(isLarge)) return () => {}
    const before = last
    let done = () => {}
    last = new Promise<void>((resolve) => done = resolve)
    await before
    return done
  }
}

/** Crops are cut small, and said to be what they are. */
function isLarge({ meta, bytes }: StageItem): boolean {
  if (meta['type'] === undefined) return false
  const head = pictureHead(bytes)
  return head !== undefined && head.width * head.height > SMALL_PIXELS
}
