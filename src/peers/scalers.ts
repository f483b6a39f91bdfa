/**
 * Elastic policies by name, each with rules of its own or those of the figure in the introduction of
 * Themis's paper.
 *
 * @module
 */
import type { Scaler, ScalerOptions } from './scaler.ts'
import { fixed, horizontalAlone, verticalAlone } from './themis/alone.ts'
import { inferline } from './themis/inferline.ts'
import { HEAD, PAPER, PLAIN, type Rules } from './themis/rules.ts'
import { themis, themisPaper } from './themis/themis.ts'

export { latencyOf, raisedLatencyOf } from './themis/rules.ts'
export type { Coefficients } from './themis/rules.ts'
export type { Present, Scaler, ScalerOptions, Seen, Stage, Target } from './scaler.ts'

export type RulesName = 'head' | 'paper' | 'plain'

const RULES: { [name in RulesName]: Rules } = { head: HEAD, paper: PAPER, plain: PLAIN }

const SCALERS: {
  [name: string]: { rules: RulesName; make(rules: Rules): (options: ScalerOptions) => Scaler }
} = {
  themis: { rules: 'head', make: themis },
  'themis-paper': { rules: 'paper', make: themisPaper },
  horizontal: { rules: 'head', make: horizontalAlone },
  vertical: { rules: 'head', make: (rules) => verticalAlone(rules) },
  'vertical-early': { rules: 'head', make: (rules) => verticalAlone(rules, true) },
  inferline: { rules: 'head', make: inferline },
  fixed: { rules: 'head', make: fixed },
}

/** @throws RangeError for a name that none has, and for an SLO that nothing keeps */
export function createScaler(name: string, options: ScalerOptions, rules?: RulesName): Scaler {
  const one = Object.hasOwn(SCALERS, name) ? SCALERS[name] : undefined
  if (one === undefined) {
    const known = Object.keys(SCALERS).join(', ')
    throw new RangeError(`Cannot use elastic policy ${name}: there are ${known}`)
  }
  return one.make(RULES[rules ?? one.rules])(options)
}
