/**
 * What the coordinator itself does for the telemetry of a query of one batch, alone in a loop: of one
 * that is not sampled, of one that is, and the duration of each. Prints microseconds, the least of some
 * rounds: whatever else the machine does only adds to it.
 * @module
 */
import { context, ROOT_CONTEXT, trace, TraceFlags } from '@opentelemetry/api'
import { loadOtel } from '../../cli/serve/otel.ts'
import { createPooledNode } from '../../coordinator/nodes/nodes.ts'
import type { Link } from '../../coordinator/nodes/link.ts'
import type { Dispatch } from '../../coordinator/scheduler/driver.ts'
import { openOtel } from '../../coordinator/observe/otel/open.ts'
import type { Telemetry } from '../../coordinator/observe/metrics/telemetry.ts'
import type { Answer } from '../../policy/core/types.ts'
import { answerLines } from '../child.ts'

const ROUNDS = 20
const QUERIES = 2000

const now = () => performance.now()
const nothing = { answered() {}, cancelled() {} } as unknown as Telemetry
const scheduler = { stats: () => ({ pipelines: {}, nodes: {}, batchCloses: {} }) }
const { traces, telemetry } = openOtel((await loadOtel())!, {
  ...{ scheduler, telemetry: nothing, now },
})
const hello = { nodeId: 'a', slots: 1 } as Parameters<typeof createPooledNode>[1]
const node = createPooledNode({} as Link, hello)
const payload = { meta: {}, bytes: new Uint8Array(1) }
const answer: Answer = { ok: true, accuracy: 1, path: {}, stages: [], items: [] }
let serial = 0

function ask() {
  const atMs = now()
  const query = String(++serial)
  const command: Dispatch = {
    ...{ type: 'dispatch', batch: serial, node: 'a', slot: 0, items: [{ query, payload }] },
    ...{ deadlineMs: atMs + 1000, expectedMs: 1, giveUpMs: 1000 },
    ...{ pipeline: 'pass', task: 'pass', variant: 'only' },
  }
  traces.began(query, { pipeline: 'pass', arrivedMs: atMs, deadlineMs: atMs + 1000 })
  traces.sent(command, node, 'wasm', atMs)
  const outcome = { ok: true as const, result: null, children: {} }
  traces.finished(command, [outcome], { computeMs: 1, queueMs: 0, networkMs: 0 })
  traces.ended(query, answer, now())
}

/** Microseconds of each, at best. */
function leastUs(work: () => void): number {
  let least = Infinity
  for (let round = 0; round < ROUNDS; round++) {
    const startMs = now()
    for (let i = 0; i < QUERIES; i++) work()
    least = Math.min(least, (now() - startMs) * 1000 / QUERIES)
  }
  return least
}

/** As within an HTTP request, of which a caller said this. */
const within = (traceFlags: TraceFlags, work: () => void) => () => {
  const parent = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }
  const caller = trace.setSpanContext(ROOT_CONTEXT, { ...parent, traceFlags, isRemote: true })
  const span = trace.getTracer('bench').startSpan('request', {}, caller)
  context.with(trace.setSpan(caller, span), work)
}
const of = (flags: TraceFlags) => leastUs(within(flags, ask)) - leastUs(within(flags, () => {}))

const rounded = (us: number) => Math.round(100 * us) / 100

const result = {
  unsampledUs: rounded(of(TraceFlags.NONE)),
  sampledUs: rounded(of(TraceFlags.SAMPLED)),
  durationUs: rounded(leastUs(() => telemetry.answered('pass', answer, 1))),
}
await answerLines(result)
