/**
 * Entry point of the planner: placement off the main thread. A solve is synchronous and cannot be
 * stopped from inside, so whoever starts this worker also ends it when an answer takes too long.
 *
 * @module
 */
import { expose } from 'comlink'
import { createPlanner } from '../src/policy/planner.ts'

expose(createPlanner())
