/**
 * Checks that need no `eval`, which pages of the coordinator forbid; these are few and small.
 *
 * Imported before all else: a check of an object tries `eval` when it is made.
 *
 * @module
 */
import { config } from 'zod'

config({ jitless: true })
