/**
 * A scheduler driven by hand: one event after another, at times given by the test.
 *
 * @module
 */
import { createScheduler } from '../../src/policy/scheduler.ts'
import type { PolicyEvent, Scheduler } from '../../src/policy/core/types.ts'
import { ocr, refsOf } from './fixtures.ts'

/** A scheduler driven by hand, with nodes that hold all variants; one by default. */
export function byHand(slots = 1, duty = 1, nodes: readonly string[] = ['a']) {
  const scheduler = createScheduler({ pipelines: [ocr] })
  const able = refsOf(ocr)
  for (const node of nodes) {
    scheduler.handle({ type: 'node_joined', node, slots, duty, able }, 0)
    for (let slot = 0; slot < slots; slot++) {
      for (const ref of able) scheduler.handle({ type: 'instance_ready', node, slot, ...ref }, 0)
    }
  }
  return scheduler
}

export const asked = (query: string, deadlineMs: number): PolicyEvent => ({
  type: 'query_arrived',
  query,
  pipeline: 'ocr',
  deadlineMs,
  payload: query,
})

export const finished = (batch: number, items = 1, children: unknown[] = []): PolicyEvent => ({
  type: 'batch_finished',
  batch,
  outcomes: Array.from(
    { length: items },
    () => ({ ok: true, result: null, children: { read: children } }),
  ),
  computeMs: 100,
  nodeQueueMs: 0,
  networkMs: 2,
})

/** Sends the wakes that the scheduler asks for, up to a time; returns all commands. */
export function wakeUntil(scheduler: Scheduler, fromAtMs: number, untilMs: number) {
  const commands: { atMs: number; type: string }[] = []
  let next = fromAtMs
  for (let i = 0; i < 1000 && next <= untilMs; i++) {
    const atMs = next
    next = Infinity
    for (const command of scheduler.handle({ type: 'wake' }, atMs)) {
      commands.push({ ...command, atMs })
      if (command.type === 'wake_at') next = command.atMs
    }
  }
  return commands
}
