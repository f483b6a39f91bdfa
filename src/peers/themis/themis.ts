/**
 * Themis: a surge is met with more cores for each instance, which is quick, and what lasts with more
 * instances of one core each, which are cheaper for the same load.
 *
 * The switch of the artifact as of 2025 goes vertical where the load is above what is there, or likely
 * to be (probability above 0.2) within 10 s, unless a stage has all cores already. Vertical: cores only
 * rise, at once. Horizontal: where no stage needs more instances nothing happens until enough steps in
 * a row say so; else at once. A stage that comes back from several cores gets one instance more.
 *
 * The switch of the paper's time goes horizontal where the vertical solver asks for no more cores and
 * no instance, and where what is expected next needs no more instances than what is there now.
 *
 * Differences: the forecast (see there). A surge beyond all cores adds only those instances that are
 * not yet starting. While one stage needs more instances no other loses some. What would be beyond the
 * cores of all machines together is not done, where the artifact starts another instance.
 *
 * @module
 */
import type { Present, Scaler, ScalerOptions, Seen, Target } from '../scaler.ts'
import { capacityOf, isSame, needsInstances } from './capacity.ts'
import { createForecast, type Forecast } from './forecast.ts'
import { coresIn, horizontal } from './horizontal.ts'
import { createPatience } from './patience.ts'
import { HEAD, PAPER, type Rules } from './rules.ts'
import { vertical, verticalAndMore } from './vertical.ts'

/** The artifact's threshold, chosen so that it rather warns too often. */
const LIKELY = 0.2

interface Moment {
  seen: Seen
  load: number
  forecast: Forecast
}

/** Whether to go horizontal. */
type Switch = (rules: Rules, options: ScalerOptions, moment: Moment) => boolean

const headSwitch: Switch = (rules, { stages }, { seen, load, forecast }) => {
  const capacity = capacityOf(rules, stages, seen.stages, load)
  const atMost = seen.stages.some(({ cores }, i) => cores >= stages[i]!.cores.at(-1)!)
  return atMost || load < capacity && forecast.above(capacity) <= LIKELY
}

const paperSwitch: Switch = (rules, { stages, sloMs }, { seen, load, forecast }) => {
  const up = vertical(rules, stages, sloMs, load, seen.stages.map(({ instances }) => instances))
  if (up === undefined || up.some(({ cores }, i) => cores > seen.stages[i]!.cores)) return false
  const now = horizontal(rules, stages, sloMs, load)
  const then = horizontal(rules, stages, sloMs, forecast.next())
  return now !== undefined && then !== undefined &&
    then.every(({ instances }, i) => instances <= now[i]!.instances)
}

export const themis = (rules: Rules = HEAD) => (options: ScalerOptions): Scaler =>
  createThemis(rules, headSwitch, options)

export const themisPaper = (rules: Rules = PAPER) => (options: ScalerOptions): Scaler =>
  createThemis(rules, paperSwitch, options)

function createThemis(rules: Rules, isCalm: Switch, options: ScalerOptions): Scaler {
  const { stages, sloMs, firstPerS } = options
  const forecast = createForecast(rules.everyMs)
  const patience = createPatience(rules.waitSteps)

  function wide(present: readonly Present[], load: number): Target[] | undefined {
    const targets = horizontal(rules, stages, sloMs, load)?.map((target, i) => ({
      ...target,
      instances: target.instances + (present[i]!.cores > 1 ? rules.spare : 0),
    }))
    const urgent = !rules.waitsAlways && targets !== undefined && needsInstances(present, targets)
    return patience(present, targets, urgent)
  }

  function tall(present: readonly Present[], load: number): Target[] | undefined {
    patience(present, undefined, false)
    const ready = present.map(({ instances, starting }) => instances - starting)
    const targets = verticalAndMore(rules, stages, sloMs, load, ready)?.map((target, i) => {
      const { cores, instances } = present[i]!
      return {
        ...target,
        cores: Math.max(cores, target.cores),
        instances: Math.max(instances, target.instances),
      }
    })
    // What is on its way to one core stays so where this asks for nothing new.
    return targets === undefined || isSame(present, targets) ? undefined : targets
  }

  return {
    everyMs: rules.everyMs,
    ...rules.dropAfterSlos === undefined ? {} : { dropAfterMs: rules.dropAfterSlos * sloMs },
    first: startOf(rules, options, firstPerS),
    decide(seen) {
      forecast.see(seen.perS[0] ?? 0)
      const load = Math.max(1, rules.loadOf(seen.perS))
      const calm = isCalm(rules, options, { seen, load, forecast })
      const targets = calm ? wide(seen.stages, load) : tall(seen.stages, load)
      return targets !== undefined && coresIn(targets) <= rules.mostCores ? targets : undefined
    },
  }
}

/** @throws RangeError where no instance of one core is quick enough */
export function startOf(
  rules: Rules,
  { stages, sloMs }: ScalerOptions,
  loadPerS: number,
): Target[] {
  const targets = horizontal(rules, stages, sloMs, loadPerS)
  if (targets !== undefined) return targets
  throw new RangeError(`Cannot serve ${loadPerS}/s within ${sloMs} ms with one core each`)
}
