/**
 * From which states a text can still come to fit, in as many characters as are left.
 *
 * @module
 */
import { PATTERN_LENGTHS } from '../limits.ts'
import type { Spend } from '../work.ts'
import { PatternError } from './parse.ts'
import type { Table } from './table.ts'

/** Whether a text that has come to `state` with `count` characters can come to fit. */
export type Lives = (state: number, count: number) => boolean

/**
 * @throws PatternError where no text of such a length fits, or it would take too long to say; what
 * `spend` throws
 */
export function livesOf(
  { next, fits, states, bounds }: Table,
  min: number,
  max: number,
  spend: Spend,
): Lives {
  const classes = bounds.length
  const last = max === Infinity ? min : max
  // All that were left in the table live.
  if (last === 0 && max === Infinity) return () => true
  const cells = (last + 1) * states
  if (cells > PATTERN_LENGTHS.cells || cells * classes > PATTERN_LENGTHS.work) {
    throw new PatternError('is too large for such a length: leave minLength and maxLength out')
  }
  spend(cells)
  const lives = new Uint8Array(cells)
  for (let state = 0; state < states; state++) {
    lives[last * states + state] = max === Infinity || fits[state] === 1 && last >= min ? 1 : 0
  }
  for (let count = last - 1; count >= 0; count--) {
    let looked = 0
    for (let state = 0; state < states; state++) {
      let one = fits[state] === 1 && count >= min
      for (let i = 0; i < classes && !one; i++, looked++) {
        const to = next[state * classes + i]!
        one = to >= 0 && lives[(count + 1) * states + to] === 1
      }
      lives[count * states + state] = one ? 1 : 0
    }
    spend(looked)
  }
  if (lives[0] === 0) throw new PatternError('fits no text of such a length')
  return (state, count) => count <= last && lives[count * states + state] === 1
}
