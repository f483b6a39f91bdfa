/**
 * How `deno task test --all` tells tests that all are wanted, and how tests tell that it was not given.
 *
 * @module
 */

/** Set for suites. */
export const ALL_TESTS = { variable: 'SHOAL_TESTS', value: 'all' } as const
/** Ends the name of a test that was skipped for want of it. */
export const ONLY_WITH_ALL = '(skipped: runs with --all)'
