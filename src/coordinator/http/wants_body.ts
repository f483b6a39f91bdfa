/**
 * Requests without a body in the answer.
 *
 * @module
 */
import type { Context } from 'hono'

/**
 * False for `HEAD`: Hono answers it as a `GET` and drops the body, whose file would stay open and
 * whose events would have no reader.
 */
export const wantsBody = (c: Context): boolean => c.req.method !== 'HEAD'
