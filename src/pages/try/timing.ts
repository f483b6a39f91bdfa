/**
 * Where the time of an answer went: a lane a task and node, its batches where they ran.
 *
 * @module
 */
import type { InferAnswer, PipelineInfo, StageReport } from '../../client/types.ts'
import { duration, plural } from '../format.ts'
import { make } from '../make.ts'
import { element } from '../node/dom.ts'

/** More lanes than this are told as a number. */
const MOST = 10

export interface Lane {
  task: string
  node: string
  backend: string
  variants: string[]
  items: number
  /** From the start of the query. */
  batches: { startMs: number; queueMs: number; networkMs: number; computeMs: number }[]
}

const lengthOf = ({ queueMs, networkMs, computeMs }: StageReport) => queueMs + networkMs + computeMs

/** A task's items begin to wait when the task before has ended, near enough. */
export function lanesOf(pipeline: PipelineInfo, stages: readonly StageReport[]): Lane[] {
  const lanes = new Map<string, Lane>()
  const visit = (task: string, startMs: number) => {
    const own = stages.filter((stage) => stage.task === task)
    for (const { node, backend, variant, items, queueMs, networkMs, computeMs } of own) {
      const key = `${task} ${node}`
      const lane = lanes.get(key) ?? { task, node, backend, variants: [], items: 0, batches: [] }
      lanes.set(key, lane)
      if (!lane.variants.includes(variant)) lane.variants.push(variant)
      lane.items += items
      lane.batches.push({ startMs, queueMs, networkMs, computeMs })
    }
    const endMs = startMs + Math.max(0, ...own.map(lengthOf))
    for (const next of pipeline.tasks[task]?.next ?? []) visit(next, endMs)
  }
  visit(pipeline.root, 0)
  return [...lanes.values()]
}

/** @param wholeMs as this page saw it, its own network included */
export function showTimes(answer: InferAnswer, pipeline: PipelineInfo, wholeMs: number): void {
  const lanes = lanesOf(pipeline, answer.stages)
  const ends = lanes.flatMap(({ batches }) => batches).map((batch) =>
    batch.startMs + batch.queueMs + batch.networkMs + batch.computeMs
  )
  const scaleMs = Math.max(answer.latencyMs, ...ends)
  const rows = lanes.slice(0, MOST).map((lane) => rowOf(lane, scaleMs))
  if (lanes.length > MOST) {
    rows.push(make('p', { class: 'small' }, `and ${plural(lanes.length - MOST, 'more node')}`))
  }
  const inside = duration(answer.latencyMs)
  const outside = duration(Math.max(0, wholeMs - answer.latencyMs))
  rows.push(make(
    'p',
    { class: 'small' },
    `${inside} inside the pool, of ${duration(answer.deadlineMs)} allowed; ` +
      `${outside} between it and this page.`,
  ))
  element('times').replaceChildren(...rows)
}

function rowOf({ task, node, backend, variants, items, batches }: Lane, scaleMs: number) {
  const bars = make('div', { class: 'bars', 'aria-hidden': 'true' })
  const bar = (kind: string, fromMs: number, ms: number) => {
    const made = make('i', { class: kind })
    made.style.setProperty('left', `${100 * fromMs / scaleMs}%`)
    made.style.setProperty('width', `${100 * ms / scaleMs}%`)
    bars.append(made)
  }
  for (const { startMs, queueMs } of batches) bar('queue', startMs, queueMs)
  for (const { startMs, queueMs, networkMs, computeMs } of batches) {
    bar('network', startMs + queueMs, networkMs)
    bar('compute', startMs + queueMs + networkMs, computeMs)
  }
  const most = (part: 'queueMs' | 'networkMs') => Math.max(...batches.map((batch) => batch[part]))
  const computeMs = batches.reduce((sum, batch) => sum + batch.computeMs, 0)
  const what = `${plural(items, 'item')} in ${plural(batches.length, 'batch', 'batches')} ` +
    `on ${node} (${backend})`
  return make(
    'div',
    { class: 'time' },
    make('p', {}, make('strong', {}, `${task} ${variants.join(', ')}`), ` ${what}`),
    bars,
    make(
      'p',
      { class: 'small' },
      `waited ${duration(most('queueMs'))} at most, network ${duration(most('networkMs'))} ` +
        `at most, computed ${duration(computeMs)} in all`,
    ),
  )
}
