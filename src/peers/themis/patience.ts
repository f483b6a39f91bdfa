/** More at once, less after a while: the same for all that scale instances. @module */
import type { Present, Target } from '../scaler.ts'
import { isSame, noFewer } from './capacity.ts'

/** @returns what to do now; `undefined` as targets begins the wait anew */
export type Patience = (
  present: readonly Present[],
  targets: Target[] | undefined,
  urgent: boolean,
) => Target[] | undefined

/** @param waitSteps so many steps in a row have to ask for a change that is not urgent */
export function createPatience(waitSteps: number): Patience {
  let agreed = 0
  return (present, targets, urgent) => {
    if (targets === undefined || isSame(present, targets)) {
      agreed = 0
      return undefined
    }
    if (urgent) {
      agreed = 0
      return noFewer(present, targets)
    }
    if (++agreed < waitSteps) return undefined
    agreed = 0
    return targets
  }
}
