/**
 * The asking half of `deno task bench live`, a process of its own: pages at random moments, whether
 * or not earlier ones are answered, as from many people who know nothing of each other.
 *
 * Reads a {@linkcode LoadOrder} from its one argument, writes one {@linkcode LoadLine} a line.
 *
 * @module
 */
import { createRandom, exponential, seedFor } from '../sim/random.ts'

export interface LoadOrder {
  url: string
  /** A JPEG. */
  picture: string
  seed: number
  steps: { ratePerS: number; queries: number }[]
  /** Instead of at random moments: so many at a time, the next as soon as one is answered. */
  atOnce?: number
}

export type LoadLine =
  | { type: 'step'; step: number }
  | { type: 'done'; latestSendMs: number }
  | Asked

/** What became of one query, as its client saw it. */
export interface Asked {
  type: 'asked'
  query: number
  step: number
  /** From the start of its step until it was sent. */
  atMs: number
  latencyMs: number
  /** 0: no answer. */
  status: number
  reason?: string
  accuracy?: number
}

/** The last answer is waited for so long; then the connection is at fault. */
const PATIENCE_MS = 60_000

const order = JSON.parse(Deno.args[0]!) as LoadOrder
const body = await Deno.readFile(order.picture)
const say = (line: LoadLine) => console.log(JSON.stringify(line))
let serial = 0

async function ask(step: number, atMs: number): Promise<void> {
  const query = serial++
  const startMs = performance.now()
  const asked = { type: 'asked', query, step, atMs: Math.round(atMs) } as const
  const took = () => Math.round((performance.now() - startMs) * 10) / 10
  try {
    const response = await fetch(order.url, {
      method: 'POST',
      headers: { 'content-type': 'image/jpeg', 'x-request-id': String(query) },
      body,
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    const { accuracy, reason } = await response.json()
    const { status } = response
    say({
      ...{ ...asked, latencyMs: took(), status },
      ...(reason === undefined ? {} : { reason }),
      ...(accuracy === undefined ? {} : { accuracy }),
    })
  } catch (error) {
    say({ ...asked, latencyMs: took(), status: 0, reason: String(error) })
  }
}

const pending = new Set<Promise<void>>()
let latestSendMs = 0
for (const [step, { ratePerS, queries }] of order.steps.entries()) {
  say({ type: 'step', step })
  const startMs = performance.now()
  if (order.atOnce !== undefined) {
    let left = queries
    const client = async () => {
      while (left-- > 0) await ask(step, performance.now() - startMs)
    }
    await Promise.all(Array.from({ length: order.atOnce }, client))
    continue
  }
  const random = createRandom(seedFor(order.seed, `step ${step}`))
  let atMs = 0
  for (let i = 0; i < queries; i++) {
    atMs += exponential(random, 1000 / ratePerS)
    const waitMs = startMs + atMs - performance.now()
    if (waitMs > 0) await new Promise((done) => setTimeout(done, waitMs))
    const nowMs = performance.now() - startMs
    latestSendMs = Math.max(latestSendMs, nowMs - atMs)
    const one: Promise<void> = ask(step, nowMs).then(() => void pending.delete(one))
    pending.add(one)
  }
}
await Promise.all(pending)
say({ type: 'done', latestSendMs: Math.round(latestSendMs) })
Deno.exit(0)
