/**
 * What a scheduler heard and said, for finding out why a query went wrong.
 *
 * @module
 */
import type { PolicyEvent, Scheduler } from '../../policy/core/types.ts'

export interface Trace {
  wrap(scheduler: Scheduler): Scheduler
  /** One JSON document a line. */
  lines: string[]
}

const MOST_LINES = 500_000

export function createTrace(): Trace {
  const lines: string[] = []
  const note = (atMs: number, what: object) => {
    if (lines.length < MOST_LINES) {
      lines.push(JSON.stringify({ t: Math.round(atMs * 10) / 10, ...what }))
    }
  }

  function heard(event: PolicyEvent, nowMs: number): void {
    switch (event.type) {
      case 'query_arrived':
        return note(nowMs, { in: 'query', query: event.query, dueMs: event.deadlineMs })
      case 'batch_finished': {
        const { batch, computeMs, nodeQueueMs, networkMs } = event
        const ms = [computeMs, nodeQueueMs, networkMs].map(Math.round)
        return note(nowMs, { in: 'finished', batch, computeQueueNetworkMs: ms })
      }
      case 'node_reported':
        return note(nowMs, { in: 'reported', ...event, type: undefined })
      case 'wake':
      case 'plan_ready':
        return note(nowMs, { in: event.type })
      default:
        return note(nowMs, { in: event.type, ...event, payload: undefined, type: undefined })
    }
  }

  return {
    lines,
    wrap: (scheduler) => ({
      ...scheduler,
      handle(event, nowMs) {
        if (event.type !== 'wake') heard(event, nowMs)
        const commands = scheduler.handle(event, nowMs)
        for (const command of commands) {
          if (command.type === 'dispatch') {
            const { items, batch, node, task, variant, expectedMs } = command
            const queries = items.map(({ query }) => query)
            note(nowMs, { out: 'dispatch', batch, node, task, variant, expectedMs, queries })
          } else if (command.type === 'answer') {
            const { query, answer } = command
            const how = answer.ok ? { accuracy: answer.accuracy } : answer
            note(nowMs, { out: 'answer', query, ...how })
          } else if (command.type !== 'wake_at') {
            note(nowMs, { out: command.type, ...command, type: undefined })
          }
        }
        return commands
      },
    }),
  }
}
