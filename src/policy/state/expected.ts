/**
 * How long a batch takes that is sent now, and how long it is waited for.
 *
 * @module
 */
import type { VariantShape } from '../core/graph.ts'
import { meanMsOn, readyAtMs, type Slot, upperMsOn } from './slots.ts'

/** In milliseconds. */
export interface Estimate {
  /** Alone and warm; and what that hardly exceeds. */
  meanMs: number
  upperMs: number
  /** Both ways. */
  networkMs: number
  /** From now until its result is here. */
  expectedMs: number
  /** From now until it is given up for lost. */
  giveUpMs: number
}

const GIVE_UP_FACTOR = 4
const GIVE_UP_MS = 2000
/**
 * A machine that slept or swapped keeps whoever waits for it, and a query whose attempts are used up
 * is lost however much time it has: each further attempt is given so many times longer. So is one that
 * no other node could do: the node ends its worker with it, and loads all that it held anew.
 */
const PATIENCE = 4
/** A slot that is loading a model may keep its batch waiting for that. */
const LOADING_MS = 10_000
/** A first run may take far longer than was guessed, and giving it up would only begin it anew. */
const GUESSED_MS = 20_000

/**
 * @param alone no other node could do it
 * @param isGuess nor did the node ever run the variant
 * @param tries how often one of the items was sent before
 */
export function estimate(
  slot: Slot,
  variant: VariantShape,
  items: number,
  alone: boolean,
  isGuess: boolean,
  tries: number,
  nowMs: number,
): Estimate {
  const meanMs = meanMsOn(slot, variant, items)
  const networkMs = slot.node.times.networkMs(variant.task)
  const waitMs = readyAtMs(slot, nowMs) - nowMs
  return {
    meanMs,
    upperMs: upperMsOn(slot, variant, items),
    networkMs,
    expectedMs: Math.max(waitMs, networkMs / 2) + meanMs + networkMs / 2,
    giveUpMs: waitMs + networkMs +
      Math.max(GIVE_UP_FACTOR * meanMs, meanMs + GIVE_UP_MS) *
        PATIENCE ** (tries + (alone ? 1 : 0)) +
      (slot.loading.size > 0 ? LOADING_MS : 0) + (isGuess ? GUESSED_MS : 0),
  }
}
