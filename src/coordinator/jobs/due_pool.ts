/**
 * The pool as batches see it. The scheduler takes what is due first: a deadline far away makes a query
 * give way to others, and its share has it count for less than them.
 *
 * @module
 */
import type { Pool } from '../pool.ts'

/**
 * @param dueOf deadlines and shares of queries that came by a call, which may be asked for ten minutes
 * at most; undefined leaves them as they are
 */
export function withDues(
  pool: Pool,
  dueOf: (id: string | undefined) => { deadlineMs: number; share: number } | undefined,
): Pool {
  const submit: Pool['submit'] = (request) => pool.submit({ ...request, ...dueOf(request.id) })
  return Object.assign(Object.create(pool) as Pool, { submit })
}
