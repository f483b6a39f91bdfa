/**
 * Variants that a node measured and has yet to run. How far it was off with those that it ran says
 * what to think of them: a profile that was measured in a busier time is wrong in all of them, and
 * one that is believed to be slow is never chosen, so that no batch would ever correct it.
 *
 * Three parts: what the node's batches take for what it said of them, in the mean; what other nodes'
 * batches of this variant do beyond that; and, where variants are off by different factors, hope:
 * that this one is off to the good, so that it is tried (optimism in the face of uncertainty, as
 * of upper confidence bounds: Auer, Cesa-Bianchi and Fischer 2002). Where profiles are right it
 * changes nothing.
 *
 * @module
 */
import { beyond } from './beyond.ts'
import { type NodeProfile, remodelled } from './node_profile.ts'

export interface Untried {
  /** A batch of the variant of this index ended on the node. @param ofOthers it says something of them */
  ran(node: NodeProfile, index: number, ofOthers: boolean): void
}

/** What chance does to the ratios of a profile that is right, as a logarithm: no more is believed. */
const CHANCE = 0.05
/** The mean of the node counts as if one half variant more were as the profile says. */
const DOUBT = 0.5
/** How many deviations to the good, and at most. */
const HOPE = 1.5
const MOST_HOPE = 0.3
/** Of what nodes showed of a variant, newer counts more after so many batches. */
const MOST_SEEN = 10
/** What others showed counts as if so many batches more were as the profile says. */
const DOUBT_OF_OTHERS = 3

/** What nodes take for a variant beyond what their others would have one think: a mean of logarithms. */
interface Shift {
  mean: number
  seen: number
}

const NOTHING: Shift = { mean: 0, seen: 0 }

/** @param changed told each variant of which something else is thought now */
export function createUntried(changed: (index: number) => void): Untried {
  /** By index of the variant. */
  const shifts: (Shift | undefined)[] = []

  return {
    ran(node, index, ofOthers) {
      const { isMeasured, logRatio } = node.shown
      let count = 0
      let sum = 0
      let squares = 0
      let untried = false
      for (let i = 0; i < logRatio.length; i++) {
        if (!isMeasured[i]) continue
        const ratio = logRatio[i]!
        if (Number.isNaN(ratio)) untried = true
        else {
          count++
          sum += ratio
          squares += ratio * ratio
        }
      }
      const own = logRatio[index]!
      if (Number.isNaN(own)) return
      if (ofOthers) {
        const shift = shifts[index] ??= { mean: 0, seen: 0 }
        shift.seen = Math.min(shift.seen + 1, MOST_SEEN)
        shift.mean += (own - sum / count - shift.mean) / shift.seen
      }
      if (!untried) return
      const deviation = Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2))
      const hope = Math.min(HOPE * Math.max(0, deviation - CHANCE), MOST_HOPE)
      for (let other = 0; other < logRatio.length; other++) {
        if (!isMeasured[other] || !Number.isNaN(logRatio[other]!)) continue
        const { mean, seen } = shifts[other] ?? NOTHING
        const sure = seen / (seen + DOUBT_OF_OTHERS)
        const shown = beyond(sum / (count + DOUBT) + sure * mean, CHANCE)
        const model = node.modelAt[other]!
        if (!model.assume(shown - (1 - sure) * hope)) continue
        remodelled(node, other, model)
        changed(other)
      }
    },
  }
}
