/**
 * Where the time of an answer went: a bar a batch, laid out along the way of the query.
 *
 * @module
 */
import type { InferAnswer, PipelineInfo, StageReport } from '../../client/types.ts'
import { duration, plural } from '../format.ts'
import { make } from '../make.ts'
import { element } from '../node/dom.ts'

/** Batches of one task that are shown each; the rest as a sum. */
const MOST = 8

const lengthOf = ({ queueMs, networkMs, computeMs }: StageReport) => queueMs + networkMs + computeMs

/** A task's batches begin when the last of the task before has ended, near enough. */
export function startsOf(
  pipeline: PipelineInfo,
  stages: readonly StageReport[],
): Map<string, number> {
  const starts = new Map<string, number>()
  const visit = (task: string, startMs: number) => {
    starts.set(task, startMs)
    const own = stages.filter((stage) => stage.task === task)
    const endMs = startMs + Math.max(0, ...own.map(lengthOf))
    for (const next of pipeline.tasks[task]?.next ?? []) visit(next, endMs)
  }
  visit(pipeline.root, 0)
  return starts
}

/** @param wholeMs as this page saw it, its own network included */
export function showTimes(answer: InferAnswer, pipeline: PipelineInfo, wholeMs: number): void {
  const starts = startsOf(pipeline, answer.stages)
  const ends = answer.stages.map((stage) => (starts.get(stage.task) ?? 0) + lengthOf(stage))
  const scaleMs = Math.max(wholeMs, ...ends)
  const tasks = Object.keys(pipeline.tasks)
  const ordered = answer.stages.toSorted((a, b) => tasks.indexOf(a.task) - tasks.indexOf(b.task))
  const rows: HTMLElement[] = []
  const seen = new Map<string, number>()
  for (const stage of ordered) {
    const count = (seen.get(stage.task) ?? 0) + 1
    seen.set(stage.task, count)
    if (count <= MOST) rows.push(rowOf(stage, starts.get(stage.task) ?? 0, scaleMs))
  }
  const hidden = [...seen].map(([task, count]) => [task, count - MOST] as const)
    .filter(([, count]) => count > 0)
  for (const [task, count] of hidden) {
    rows.push(
      make(
        'p',
        { class: 'small' },
        `and ${plural(count, 'more batch', 'more batches')} of ${task}`,
      ),
    )
  }
  const inside = duration(answer.latencyMs)
  const outside = duration(Math.max(0, wholeMs - answer.latencyMs))
  rows.push(make(
    'p',
    { class: 'small' },
    `${inside} inside the pool, of ${
      duration(answer.deadlineMs)
    } allowed; ${outside} between it and this page.`,
  ))
  element('times').replaceChildren(...rows)
}

function rowOf(stage: StageReport, startMs: number, scaleMs: number): HTMLElement {
  const { task, variant, node, backend, batch, items, queueMs, networkMs, computeMs } = stage
  const part = (kind: string, ms: number) => {
    const bar = make('i', { class: kind })
    bar.style.setProperty('width', `${100 * ms / scaleMs}%`)
    return bar
  }
  const bars = make(
    'div',
    { class: 'bars', 'aria-hidden': 'true' },
    part('before', startMs),
    part('queue', queueMs),
    part('network', networkMs),
    part('compute', computeMs),
  )
  const of = batch > items ? ` of a batch of ${batch}` : ''
  return make(
    'div',
    { class: 'time' },
    make(
      'p',
      {},
      make('strong', {}, `${task} ${variant}`),
      ` ${plural(items, 'item')}${of} on ${node}, ${backend}`,
    ),
    bars,
    make(
      'p',
      { class: 'small' },
      `waiting ${duration(queueMs)}, network ${duration(networkMs)}, computing ${
        duration(computeMs)
      }`,
    ),
  )
}
