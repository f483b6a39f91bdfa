/**
 * How long a batch may grow though an item more gains little.
 *
 * @module
 */
import { holdsAll, type Slot } from '../pool/slots.ts'
import type { Query } from '../queue/query.ts'
import type { VariantShape } from '../shape.ts'
import type { View } from './choose.ts'

/** An item more is no gain when it takes nearly as long as those before it did on average. */
export const GAIN = 0.9
/** So long a batch may grow without gain: it saves frames, and hides the network. */
const QUANTUM_MS = 50
/** At most this share of the laxity of the most urgent query, and this one of that of the hastiest. */
const QUANTUM_SHARE = 0.3
const HASTE_SHARE = 0.6
/** Only so long where an item more is known to take clearly longer than those before it did. */
const RISE = 1.05
const FRAME_MS = 20
/**
 * For a gain as small as this, if that is known and time is scarce, a batch may grow to this share of
 * the laxity, its own and that of the hastiest, its spread with it: who cannot foretell how long one
 * takes is to have shorter ones. Found in simulation of the paper's trace; 0.38 to 0.6 were tried.
 */
const STEADY = 0.98
const STEADY_SHARE = 0.45
/** Of these, by the guess, for a batch of a size that is tried. */
const TRIAL_SHARE = 0.45

/** How long a batch may be, by what one item more takes beside the average of those before it. */
export interface Lengths {
  /** Clearly more. */
  frameMs: number
  /** About as much. */
  quantumMs: number
  /** A little less; with the spread of the batch. */
  steadyMs: number
  /** Nobody knows; see `profile/trial.ts`. */
  trialMs: number
}

export function lengthsOf(
  query: Pick<Query, 'laxityMs'>,
  variant: VariantShape,
  slot: Slot,
  { targets, hasteMs }: View,
): Lengths {
  const quantumMs = Math.min(quantumMsOf(query), HASTE_SHARE * hasteMs)
  // Beside a guess a batch that ran may make any size look dear or cheap.
  const shortMs = Math.min(query.laxityMs, hasteMs)
  const known = holdsAll(slot) && slot.node.times.modelOf(variant)?.isMeasured === true
  return {
    frameMs: known ? Math.min(FRAME_MS, quantumMs) : quantumMs,
    quantumMs,
    // Only where time that is saved buys something.
    steadyMs: known && targets.isScarce ? STEADY_SHARE * shortMs : 0,
    trialMs: TRIAL_SHARE * shortMs,
  }
}

/** So long a batch of such items may grow without gain, as far as it is for them alone. */
export const quantumMsOf = ({ laxityMs }: Pick<Query, 'laxityMs'>): number =>
  Math.min(QUANTUM_MS, QUANTUM_SHARE * laxityMs)

/**
 * Whether a batch takes no item more that is no gain.
 *
 * @param growth what that takes, in shares of what those before it took on average
 * @param grownMs the batch with it; `safeMs` with its spread
 * @param isTrial nothing of so large a batch is known
 */
export function isLongEnough(
  growth: number,
  grownMs: number,
  safeMs: number,
  { frameMs, quantumMs, steadyMs, trialMs }: Lengths,
  isTrial = false,
): boolean {
  if (isTrial && grownMs <= trialMs) return false
  if (growth > RISE) return grownMs > frameMs
  return grownMs > quantumMs && (growth > STEADY || safeMs > steadyMs)
}
