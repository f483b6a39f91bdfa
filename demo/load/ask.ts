/**
 * One query over HTTP.
 *
 * @module
 */
import type { ErrorBody, InferAnswer } from '../../src/client/types.ts'
import type { Asked, Body, LoadOrder, ServedBy } from './types.ts'

export type Answered = Pick<Asked, 'status' | 'reason' | 'accuracy' | 'servedBy'>

/** Every query is answered by its deadline; what is out by so much more has lost its connection. */
const PATIENCE_MS = 60_000
const LONGEST_MS = 600_000

/** Never throws: what went wrong is the `reason`. */
export async function askOverHttp(order: LoadOrder, body: Body, query: number): Promise<Answered> {
  const { url, pipeline, timeoutMs, minAccuracy, key } = order
  try {
    const response = await fetch(`${url}/v1/pipelines/${encodeURIComponent(pipeline)}/infer`, {
      method: 'POST',
      headers: {
        'content-type': body.type,
        'x-request-id': `load-${query}`,
        ...(timeoutMs === undefined ? {} : { 'x-request-timeout-ms': String(timeoutMs) }),
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(minAccuracy === undefined ? {} : { 'x-min-accuracy': String(minAccuracy) }),
      },
      body: body.bytes,
      signal: AbortSignal.timeout((timeoutMs ?? LONGEST_MS) + PATIENCE_MS),
    })
    const { status } = response
    if (!response.ok) {
      // A proxy in between says nothing of reasons.
      const body: Partial<ErrorBody> = await response.json().catch(() => ({}))
      return { status, ...(body?.reason === undefined ? {} : { reason: body.reason }) }
    }
    const { accuracy, stages } = await response.json() as InferAnswer
    const servedBy = stages.map(({ node, task, variant, backend, batch, items, computeMs }) =>
      ({
        node,
        task,
        variant,
        backend,
        items,
        computeMs: computeMs * items / batch,
      }) satisfies ServedBy
    )
    return { status, accuracy, servedBy }
  } catch (error) {
    return { status: 0, reason: (error as Error).name }
  }
}
