/**
 * What Themis is compared with. Each scales one way alone.
 *
 * `horizontal` adds instances of one core at once and takes some away after as many agreeing steps as
 * Themis waits. Stronger than the artifact's in two things: batches alone are changed at once where the
 * load is above what is there, and while one stage needs more instances no other loses some.
 *
 * `vertical` has the instances that the busiest second needs with four cores each (or all, where there
 * are fewer), which it knows beforehand, and gives and takes cores at once. `early` knows no more than
 * the others: it has the instances of one core that the first seconds need, and never more.
 *
 * `fixed` has instances of one core for the busiest second all the time.
 *
 * @module
 */
import type { Scaler, ScalerOptions } from '../scaler.ts'
import { capacityOf, needsInstances } from './capacity.ts'
import { horizontal } from './horizontal.ts'
import { createPatience } from './patience.ts'
import { HEAD, type Rules } from './rules.ts'
import { startOf } from './themis.ts'
import { vertical, verticalAndMore } from './vertical.ts'

const PEAK_CORES = 4

const common = (rules: Rules, { sloMs }: ScalerOptions) => ({
  everyMs: rules.everyMs,
  ...rules.dropAfterSlos === undefined ? {} : { dropAfterMs: rules.dropAfterSlos * sloMs },
})

export const horizontalAlone = (rules: Rules = HEAD) => (options: ScalerOptions): Scaler => {
  const { stages, sloMs, firstPerS } = options
  const patience = createPatience(rules.waitSteps)
  return {
    ...common(rules, options),
    first: startOf(rules, options, firstPerS),
    decide(seen) {
      const load = Math.max(1, rules.loadOf(seen.perS))
      const targets = horizontal(rules, stages, sloMs, load)
      const urgent = targets !== undefined && (
        needsInstances(seen.stages, targets) ||
        capacityOf(rules, stages, seen.stages, load) < load
      )
      return patience(seen.stages, targets, urgent)
    },
  }
}

/** @param early as many instances as the first seconds need, not the busiest one */
export const verticalAlone =
  (rules: Rules = HEAD, early = false) => (options: ScalerOptions): Scaler => {
    const { stages, sloMs, firstPerS, peakPerS } = options
    const instances = early
      ? startOf(rules, options, firstPerS).map((target) => target.instances)
      : peakInstances(rules, options, peakPerS)
    const carrying = (load: number) => vertical(rules, stages, sloMs, load, instances)
    /** Beyond all cores it gives what it has. */
    const atMost = (load: number) =>
      verticalAndMore(rules, stages, sloMs, load, instances)
        ?.map((target, i) => ({ ...target, instances: instances[i]! }))
    return {
      ...common(rules, options),
      first: carrying(firstPerS) ?? atMost(firstPerS) ?? startOf(rules, options, firstPerS),
      decide(seen) {
        const load = Math.max(1, rules.loadOf(seen.perS))
        return carrying(load) ?? atMost(load)
      },
    }
  }

function peakInstances(rules: Rules, { stages, sloMs }: ScalerOptions, peakPerS: number): number[] {
  const unbounded = { ...rules, mostCores: Infinity }
  const targets = horizontal(unbounded, stages, sloMs, peakPerS, ({ cores }) => [
    Math.min(PEAK_CORES, cores.at(-1)!),
  ])
  if (targets === undefined) {
    throw new RangeError(`Cannot serve ${peakPerS}/s within ${sloMs} ms with four cores each`)
  }
  return targets.map(({ instances }) => instances)
}

export const fixed = (rules: Rules = HEAD) => (options: ScalerOptions): Scaler => ({
  ...common(rules, options),
  first: startOf({ ...rules, mostCores: Infinity }, options, options.peakPerS),
  decide: () => undefined,
})
