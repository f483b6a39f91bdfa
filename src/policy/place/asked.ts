/**
 * What each of the three steps of placement is given.
 *
 * @module
 */
import type { Kind } from './build.ts'
import type { Compiled } from './compile.ts'
import type { Flows } from './flow_walk.ts'
import type { Counted } from './lp.ts'
import type { Problem } from './problem.ts'

export interface Asked {
  compiled: Compiled
  problem: Problem
  flows: Flows
  /** Ways to fill a slot that may be chosen anew, and those that slots hold. */
  open: Kind[]
  held: Kind[]
  counted: Counted
}
