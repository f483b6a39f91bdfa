/**
 * Whether an answer's body is wanted.
 *
 * @module
 */
import type { Context } from 'hono'

/**
 * Not by `HEAD`: Hono answers it as a `GET` and drops the body, whose file would stay open and whose
 * events would be made for nobody.
 */
export const wantsBody = (c: Context): boolean => c.req.method !== 'HEAD'
