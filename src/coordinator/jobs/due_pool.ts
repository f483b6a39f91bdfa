/**
 * The pool as batches use it: their queries get the batch's deadline and share. The scheduler runs
 * the earliest deadline first, so that queries with a distant deadline give way; a small share
 * counts less.
 *
 * @module
 */
import type { Pool } from '../pool/pool.ts'
import type { QueryRequest } from '../queries/queries.ts'

/** The parts of a query that the batch sets, not the call. */
export type Due = Required<Pick<QueryRequest, 'deadlineMs' | 'share' | 'holder'>>

/**
 * @param dueOf deadline, share and holder by the id of a call, whose own deadline is ten minutes
 * away at most; undefined leaves the query as it is
 */
export function withDues(
  pool: Pool,
  dueOf: (id: string | undefined) => Due | undefined,
): Pool {
  const submit: Pool['submit'] = (request) => pool.submit({ ...request, ...dueOf(request.id) })
  return Object.assign(Object.create(pool) as Pool, { submit })
}
