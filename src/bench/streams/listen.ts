/** A client that reads an answer as it comes, and keeps all of it. @module */
import { readEvents } from '../../client/events.ts'
import { infer } from '../tools.ts'

export interface Listened {
  /** The pieces put together. */
  text: string
  firstMs: number
  tookMs: number
  /** Events that end it: exactly one is right. */
  ends: string[]
  /** Of the answer, or what went wrong. */
  outputs: unknown
  fault: string | undefined
}

type Told =
  | { event: 'text'; data: { text: string } }
  | { event: 'answer'; data: { outputs: unknown } }
  | { event: 'error'; data: unknown }

/** @param budgetMs of the query */
export async function listen(
  url: string,
  pipeline: string,
  text: string,
  budgetMs: number,
): Promise<Listened> {
  const startMs = performance.now()
  const took = () => performance.now() - startMs
  const heard: Listened = {
    ...{ text: '', firstMs: Infinity, tookMs: 0, ends: [] },
    ...{ outputs: undefined, fault: undefined },
  }
  try {
    const signal = AbortSignal.timeout(budgetMs + 10_000)
    const asking = { type: 'text/plain', accept: 'text/event-stream', timeoutMs: budgetMs, signal }
    const response = await infer(url, pipeline, text, asking)
    if (!response.ok) {
      heard.fault = `${response.status} ${await response.text()}`
      return heard
    }
    const events = readEvents<Told>(response.body!, (next) => next)
    for await (const { event, data } of events) {
      if (event === 'text') {
        heard.firstMs = Math.min(heard.firstMs, took())
        heard.text += data.text
        continue
      }
      heard.ends.push(event)
      if (event === 'answer') heard.outputs = data.outputs
      else heard.fault = JSON.stringify(data)
    }
  } catch (error) {
    heard.fault = String(error)
  }
  heard.tookMs = took()
  return heard
}
