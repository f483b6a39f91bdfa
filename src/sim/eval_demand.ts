/**
 * Demand of the evaluation scenarios: read from Figure 5 of the Loki paper, the Twitter arrivals of
 * the Proteus artifact, made, or constant.
 *
 * @module
 */
import type { EvalData, EvalOptions } from './eval_data.ts'
import { MADE_TRACES } from './made_traces.ts'

/** Brings the demand of Figure 5 (53 to 420 queries/s) to what the heterogeneous pool carries. */
const PROTEUS_SCALE = 0.25
/** As in the paper's Figure 6, where this trace is the demand. */
const TWITTER_SCALE = 0.769

/** Queries per second in each second. */
export function evalRates(data: EvalData, options: EvalOptions): number[] {
  const { name, ratePerS, seconds = 120, every = 1 } = options
  if (ratePerS !== undefined) return Array.from({ length: seconds }, () => ratePerS)
  const made = Object.hasOwn(MADE_TRACES, name) ? MADE_TRACES[name]!() : undefined
  const figure5 = data.reference?.endToEnd.traffic_analysis.demandQps
  const trace = data.traces?.traces[name]?.counts
  const [rates, usual] = name === 'figure5'
    ? [figure5, 1]
    : name === 'proteus'
    ? [figure5, PROTEUS_SCALE]
    : made !== undefined
    ? [made, 1]
    // Its last bin is a part of a second.
    : [trace?.slice(0, -1), TWITTER_SCALE]
  if (rates === undefined && (name === 'figure5' || name === 'proteus')) {
    throw new RangeError(`Cannot find the demand of ${name}: no loki-reference.json; give --rate`)
  }
  if (rates === undefined) {
    const known = ['figure5', 'proteus', ...Object.keys(MADE_TRACES)]
    known.push(...Object.keys(data.traces?.traces ?? {}))
    const missing = data.traces === undefined ? '; twitter-trace.json is not there' : ''
    throw new RangeError(
      `Cannot find evaluation scenario ${name}: there are ${known.join(', ')}${missing}`,
    )
  }
  const scale = options.scale ?? usual
  return rates.filter((_, second) => second % every === 0).map((rate) => rate * scale)
}
