/**
 * The spans of one query, written once it is answered: `query`, in it a `stage` for each task, in
 * each stage its `batch`es, all with the times that were noted.
 *
 * @module
 */
import type { Attributes, Context } from '@opentelemetry/api'
import { publicName, versionOf } from '../../../pipeline/version.ts'
import type { Answer } from '../../../policy/core/types.ts'
import { longestOfTasks } from '../metrics/longest.ts'
import { type OtelApi, SCOPE } from './api.ts'
import type { TracedBatch, TracedQuery } from './traced.ts'
import { createWallClock } from './wall_clock.ts'

/** A batch with its times as `stages` of an answer have them. */
interface Timed extends TracedBatch {
  queueMs: number
  networkMs: number
  computeMs: number
  endedAtMs: number
}

type Times = [startMs: number, endMs: number]

interface Fault {
  reason: string
  message: string
}

export function createSpans({ trace, SpanStatusCode }: OtelApi, now: () => number) {
  const tracer = trace.getTracer(SCOPE)
  const wallOffset = createWallClock(now)

  return ({ request, parent, batches }: TracedQuery, answer: Answer | undefined, atMs: number) => {
    const offsetMs = wallOffset()

    /** Returns the context of the span, for spans within it. */
    function span(
      name: string,
      parent: Context,
      [startMs, endMs]: Times,
      attributes: Attributes,
      fault?: Fault,
    ): Context {
      const startTime = startMs + offsetMs
      const one = tracer.startSpan(name, { startTime, attributes }, parent)
      if (fault !== undefined) {
        one.setAttribute('error.type', fault.reason)
        one.setStatus({ code: SpanStatusCode.ERROR, message: fault.message })
      }
      one.end(endMs + offsetMs)
      return trace.setSpan(parent, one)
    }

    const all = [...batches.values()].map((batch) => timed(batch, atMs))
    const pipeline = { 'shoal.pipeline': publicName(request.pipeline) }
    const query = span(
      'query',
      parent,
      [request.arrivedMs, atMs],
      { ...pipeline, ...ofQuery(request, answer), ...ofTimes(all) },
      answer === undefined || answer.ok ? undefined : answer,
    )
    for (const [task, own] of Map.groupBy(all, (batch) => batch.task)) {
      const stage = span(
        'stage',
        query,
        timesOf(own),
        { ...pipeline, 'shoal.task': task, ...ofStage(own), ...ofTimes(own) },
      )
      for (const batch of own) {
        const reason = batch.ended?.reason
        span(
          'batch',
          stage,
          [batch.sentAtMs, batch.endedAtMs],
          { ...pipeline, 'shoal.task': task, ...ofBatch(batch), ...ofTimes([batch]) },
          reason === undefined ? undefined : { reason, message: `the batch came to: ${reason}` },
        )
      }
    }
  }
}

/** A batch that is still on its node ends, for its query, with the query. */
function timed(batch: TracedBatch, atMs: number): Timed {
  const { ended, queuedAtMs, sentAtMs } = batch
  return {
    ...batch,
    queueMs: sentAtMs - queuedAtMs + (ended?.queueMs ?? 0),
    networkMs: ended?.networkMs ?? 0,
    computeMs: ended?.computeMs ?? 0,
    endedAtMs: ended?.atMs ?? atMs,
  }
}

/** From the time at which the first item began to wait. */
const timesOf = (batches: readonly Timed[]): Times => [
  Math.min(...batches.map(({ queuedAtMs }) => queuedAtMs)),
  Math.max(...batches.map(({ endedAtMs }) => endedAtMs)),
]

/** Times as `Server-Timing` sums them: batches of one task wait at the same time. */
const ofTimes = (batches: readonly Timed[]): Attributes => ({
  'shoal.queue_ms': longestOfTasks(batches, 'queueMs'),
  'shoal.network_ms': longestOfTasks(batches, 'networkMs'),
  'shoal.compute_ms': batches.reduce((sum, { computeMs }) => sum + computeMs, 0),
})

const ofQuery = (
  { id, pipeline, arrivedMs, deadlineMs }: TracedQuery['request'],
  answer: Answer | undefined,
): Attributes => ({
  ...(id === undefined ? {} : { 'shoal.id': id }),
  'shoal.pipeline.version': versionOf(pipeline),
  'shoal.deadline_ms': deadlineMs - arrivedMs,
  'shoal.outcome': answer === undefined ? 'cancelled' : answer.ok ? 'on_time' : answer.reason,
  ...(answer?.ok ? { 'shoal.accuracy': answer.accuracy } : {}),
})

const ofStage = (batches: readonly Timed[]): Attributes => ({
  'shoal.variants': [...new Set(batches.map(({ variant }) => variant))],
  'shoal.batches': batches.length,
})

const ofBatch = (batch: Timed): Attributes => ({
  'shoal.variant': batch.variant,
  'shoal.node': batch.node,
  'shoal.node.class': batch.nodeClass,
  'shoal.backend': batch.backend,
  'shoal.batch.size': batch.size,
  'shoal.batch.items': batch.items,
  'shoal.outcome': batch.ended === undefined ? 'unfinished' : batch.ended.reason ?? 'done',
})
