/**
 * The asking half of `deno task bench overload` and `soak`, a process of its own: either queries at
 * random moments, whether or not earlier ones are answered, or so many clients at a time.
 *
 * @module
 */
import { createRandom, exponential } from '../../sim/random.ts'
import { answerLines } from '../child.ts'
import { twoLines } from '../../cli/two_lines.ts'

export interface AskOrder {
  url: string
  seed: number
  forMs: number
  /** At random moments, so many a second. */
  ratePerS?: number
  /** Or so many at a time; one that was refused waits a second, as it was told. */
  atOnce?: number
}

/** What became of one query, as its client saw it. */
export interface OneAsked {
  /** From the start of the order. */
  atMs: number
  latencyMs: number
  /** 0: no answer. */
  status: number
  reason?: string
  accuracy?: number
  /** Whether it said when to come again. */
  retryAfter: boolean
}

export interface AskResult {
  asked: OneAsked[]
  latestSendMs: number
}

const REFUSED_PAUSE_MS = 1000
const PATIENCE_MS = 60_000
let body: Uint8Array<ArrayBuffer> | undefined

async function run(order: AskOrder): Promise<AskResult> {
  const { url, seed, forMs, ratePerS, atOnce } = order
  body ??= await twoLines()
  const asked: OneAsked[] = []
  const startMs = performance.now()

  async function ask(): Promise<number> {
    const atMs = performance.now()
    const one: OneAsked = { atMs: atMs - startMs, latencyMs: 0, status: 0, retryAfter: false }
    try {
      const response = await fetch(`${url}/v1/pipelines/ocr/infer`, {
        method: 'POST',
        headers: { 'content-type': 'image/jpeg' },
        body: body!,
        signal: AbortSignal.timeout(PATIENCE_MS),
      })
      const { reason, accuracy } = await response.json()
      one.status = response.status
      one.retryAfter = response.headers.has('retry-after')
      if (reason !== undefined) one.reason = reason
      if (accuracy !== undefined) one.accuracy = accuracy
    } catch (error) {
      one.reason = String(error)
    }
    one.latencyMs = performance.now() - atMs
    asked.push(one)
    return one.status
  }

  let latestSendMs = 0
  if (atOnce !== undefined) {
    const client = async () => {
      while (performance.now() - startMs < forMs) {
        if (await ask() !== 200) await new Promise((done) => setTimeout(done, REFUSED_PAUSE_MS))
      }
    }
    await Promise.all(Array.from({ length: atOnce }, client))
  } else {
    const random = createRandom(seed)
    const pending = new Set<Promise<void>>()
    for (let atMs = 0;;) {
      atMs += exponential(random, 1000 / (ratePerS ?? 1))
      if (atMs > forMs) break
      const waitMs = startMs + atMs - performance.now()
      if (waitMs > 0) await new Promise((done) => setTimeout(done, waitMs))
      latestSendMs = Math.max(latestSendMs, performance.now() - startMs - atMs)
      const one: Promise<void> = ask().then(() => void pending.delete(one))
      pending.add(one)
    }
    await Promise.all(pending)
  }
  return { asked, latestSendMs }
}

await answerLines(null, run)
