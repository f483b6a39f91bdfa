/**
 * The pool as batches see it. The scheduler takes what is due first: a deadline far away makes a query
 * give way to others, and its share has it count for less than them.
 *
 * @module
 */
import type { Pool } from '../pool/pool.ts'
import type { QueryRequest } from '../queries/queries.ts'

/** What of a query the batch says, not the call. */
export type Due = Required<Pick<QueryRequest, 'deadlineMs' | 'share' | 'holder'>>

/**
 * @param dueOf deadlines, shares and holders of queries that came by a call, which may be asked for ten
 * minutes at most; undefined leaves them as they are
 */
export function withDues(
  pool: Pool,
  dueOf: (id: string | undefined) => Due | undefined,
): Pool {
  const submit: Pool['submit'] = (request) => pool.submit({ ...request, ...dueOf(request.id) })
  return Object.assign(Object.create(pool) as Pool, { submit })
}
