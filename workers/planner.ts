/**
 * Entry point of the planner: placement off the main thread. A solve is synchronous and cannot be
 * stopped from inside, so whoever starts this worker also ends it when an answer takes too long.
 *
 * @module
 */
import { expose } from 'comlink'
import { allocatePlain } from '../src/peers/allocate.ts'
import type { PlainProblem } from '../src/peers/plain.ts'
import { createPlanner } from '../src/policy/place/planner.ts'

// What a peer sends here is what its `elsewhere` made.
expose(createPlanner((problem) => allocatePlain(problem as PlainProblem)))
