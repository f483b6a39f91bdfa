/**
 * The pool as jobs see it: the one place where their queries are marked as background.
 *
 * @module
 */
import type { Pool } from '../pool.ts'
import type { QueryRequest } from '../queries.ts'

/** What the pool is told of a query that gives way to others. */
type Background = QueryRequest & { background: true }

/**
 * @param dueOf deadlines of queries that came by a call, which may be asked for ten minutes at most;
 * undefined leaves the deadline as it is
 */
export function inBackground(
  pool: Pool,
  dueOf: (id: string | undefined) => number | undefined = () => undefined,
): Pool {
  const submit: Pool['submit'] = (request) => {
    const asked: Background = {
      ...request,
      deadlineMs: dueOf(request.id) ?? request.deadlineMs,
      background: true,
    }
    return pool.submit(asked)
  }
  return Object.assign(Object.create(pool) as Pool, { submit })
}
