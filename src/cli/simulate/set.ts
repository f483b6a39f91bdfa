/**
 * `--set dispatch.delay=0`: other numbers than its own for the policy `shoal`.
 *
 * @module
 */
import { type ParamValues, withParams } from '../../policy/params.ts'

/** @throws RangeError for what is no assignment, a name that no number has, or no number */
export function readSet(given: readonly string[] = []): ParamValues {
  const values = Object.fromEntries(given.map((text) => {
    const match = /^([\w.]+)=(-?[\d.]+(?:e-?\d+)?)$/.exec(text)
    if (match === null || !Number.isFinite(Number(match[2]))) {
      throw new RangeError(`Cannot use --set: must be NAME=NUMBER: received ${text}`)
    }
    return [match[1]!, Number(match[2])]
  }))
  withParams(values, () => {})
  return values
}
