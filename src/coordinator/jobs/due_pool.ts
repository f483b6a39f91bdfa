/**
 * The pool as jobs see it. The scheduler takes what is due first: a deadline far away is all that makes
 * a query give way to others.
 *
 * @module
 */
import type { Pool } from '../pool.ts'

/**
 * @param dueOf deadlines of queries that came by a call, which may be asked for ten minutes at most;
 * undefined leaves the deadline as it is
 */
export function withDues(
  pool: Pool,
  dueOf: (id: string | undefined) => number | undefined,
): Pool {
  const submit: Pool['submit'] = (request) =>
    pool.submit({ ...request, deadlineMs: dueOf(request.id) ?? request.deadlineMs })
  return Object.assign(Object.create(pool) as Pool, { submit })
}
