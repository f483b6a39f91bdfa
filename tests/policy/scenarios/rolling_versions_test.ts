/** One pipeline replaces another while queries of both are inside. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { fromFileUrl } from '../../../src/cli/root.ts'
import { checkPipeline } from '../../../src/pipeline/parse.ts'
import type { Problem } from '../../../src/policy/place/problem.ts'
import { createScheduler } from '../../../src/policy/scheduler.ts'
import type { PolicyCommand, PolicyEvent } from '../../../src/policy/core/types.ts'
import { asked, byHand, finished } from '../by_hand.ts'
import { ocr, refsOf, street } from '../fixtures.ts'

const next = checkPipeline({ ...ocr, name: 'ocr~2' }, 'next')

const of = <T extends PolicyCommand['type']>(commands: PolicyCommand[], type: T) =>
  commands.filter((command) => command.type === type) as Extract<PolicyCommand, { type: T }>[]

const askedOfNext = (query: string, deadlineMs: number): PolicyEvent => ({
  ...asked(query, deadlineMs) as Extract<PolicyEvent, { type: 'query_arrived' }>,
  pipeline: 'ocr~2',
})

Deno.test('A new version loads beside the old one, which is removed once it gets no queries', () => {
  const scheduler = byHand()
  // The old version serves, and has a batch under way when the new one comes.
  const [first] = of(scheduler.handle(asked('old', 60_000), 1), 'dispatch')
  equal(first!.pipeline, 'ocr')
  scheduler.handle({ type: 'pipeline_added', pipeline: next, replaces: 'ocr' }, 2)
  const able = [...refsOf(ocr), ...refsOf(next)]
  let loads = of(scheduler.handle({ type: 'node_able', node: 'a', able }, 3), 'load')
  const loaded: string[] = []
  while (loads.length > 0) {
    const [{ pipeline, task, variant }] = loads as [typeof loads[0]]
    loaded.push(`${pipeline} ${task} ${variant}`)
    const ready = { node: 'a', slot: 0, pipeline, task, variant }
    loads = of(scheduler.handle({ type: 'instance_ready', ...ready }, 4), 'load')
  }
  // All variants of the new version load, none of the old one.
  deepEqual(
    loaded.sort(),
    refsOf(next).map(({ task, variant }) => `ocr~2 ${task} ${variant}`).sort(),
  )

  scheduler.handle({ type: 'pipeline_followed', from: 'ocr', to: 'ocr~2' }, 5)
  scheduler.handle(askedOfNext('new', 60_000), 6)
  const then = scheduler.handle(finished(first!.batch), 100)
  deepEqual(of(then, 'answer').map(({ query, answer }) => [query, answer.ok]), [['old', true]])
  const [second] = of(then, 'dispatch')
  equal(second!.pipeline, 'ocr~2')
  deepEqual(Object.keys(scheduler.stats().pipelines), ['ocr', 'ocr~2'])

  const removal = scheduler.handle(
    { type: 'pipeline_removed', pipeline: 'ocr', into: 'ocr~2' },
    101,
  )
  deepEqual(
    of(removal, 'unload').map(({ pipeline, task, variant }) => `${pipeline} ${task} ${variant}`)
      .sort(),
    refsOf(ocr).map(({ task, variant }) => `ocr ${task} ${variant}`).sort(),
  )
  equal(of(removal, 'load').length, 0)
  const late = of(scheduler.handle(finished(second!.batch), 200), 'answer')
  deepEqual(late.map(({ query, answer }) => [query, answer.ok]), [['new', true]])
  const { pipelines, nodes } = scheduler.stats()
  deepEqual(Object.keys(pipelines), ['ocr~2'])
  // The counts of the old version go on.
  equal(pipelines['ocr~2']!.arrived, 2)
  equal(pipelines['ocr~2']!.onTime, 2)
  equal(nodes['a']!.instances, refsOf(next).length)
  const [refused] = of(scheduler.handle(asked('gone', 60_000), 201), 'answer')
  ok(refused?.answer.ok === false)
  ok(scheduler.plan().instances.every(({ pipeline }) => pipeline === 'ocr~2'))
})

Deno.test('A plan is requested with the demand of the pipeline that is followed now', () => {
  const scheduler = createScheduler({ pipelines: [street, ocr], startPerS: { street: 5, ocr: 40 } })
  const able = [...refsOf(street), ...refsOf(ocr), ...refsOf(next)]
    .map((ref) => ({ ...ref, memoryBytes: 1 }))
  scheduler.handle(
    { type: 'node_joined', node: 'a', slots: 1, duty: 1, able, memoryBytes: 4 },
    0,
  )
  const rates = (nowMs: number) => {
    const [solve] = of(scheduler.handle({ type: 'wake' }, nowMs), 'solve')
    const { pipelines } = solve!.problem as Problem
    scheduler.handle({ type: 'plan_ready', plan: scheduler.plan() }, nowMs)
    return pipelines.map(({ name, ratePerS }) => `${name} ${Math.round(ratePerS)}`)
  }
  deepEqual(rates(1), ['street 5', 'ocr 40'])
  scheduler.handle({ type: 'pipeline_added', pipeline: next, replaces: 'ocr' }, 2)
  scheduler.handle({ type: 'node_able', node: 'a', able }, 2)
  scheduler.handle({ type: 'pipeline_followed', from: 'ocr', to: 'ocr~2' }, 3)
  const [, before, after] = rates(1100)
  equal(before, 'ocr 0')
  ok(/^ocr~2 [1-9]\d$/.test(after!), `${after}`)
  scheduler.handle({ type: 'pipeline_removed', pipeline: 'ocr', into: 'ocr~2' }, 1101)
  for (let i = 0; i < 30; i++) scheduler.handle(askedOfNext(`q${i}`, 60_000), 1200 + 30 * i)
  const [, last, ...none] = rates(2200)
  ok(/^ocr~2 [1-9]\d$/.test(last!), `${last}`)
  deepEqual(none, [])
})

Deno.test('A pipeline inherits the latency of the one it replaces, and its counters go on', () => {
  const scheduler = byHand()
  // Unlike the file's latency, and unlike each other.
  const profile = refsOf(ocr).map((ref, i) => (
    { ...ref, points: [{ batch: 1, latencyMs: 400 - 50 * i }] }
  ))
  scheduler.handle({ type: 'node_reported', node: 'a', profile }, 1)
  const [old] = of(scheduler.handle(asked('old', 60_000), 2), 'dispatch')
  scheduler.handle({ ...finished(old!.batch), computeMs: 350 } as PolicyEvent, 500)
  scheduler.handle(asked('late', 511), 510)
  scheduler.handle(asked('gone', 60_000), 520)
  scheduler.handle({ type: 'query_cancelled', query: 'gone' }, 521)
  scheduler.handle({ type: 'pipeline_added', pipeline: next, replaces: 'ocr' }, 530)
  scheduler.handle({ type: 'node_able', node: 'a', able: refsOf(next) }, 530)
  for (const ref of refsOf(next)) {
    scheduler.handle({ type: 'instance_ready', node: 'a', slot: 0, ...ref }, 530)
  }
  scheduler.handle({ type: 'pipeline_followed', from: 'ocr', to: 'ocr~2' }, 530)
  scheduler.handle(askedOfNext('late too', 531), 530)
  const { ocr: before } = scheduler.stats().pipelines
  scheduler.handle({ type: 'pipeline_removed', pipeline: 'ocr', into: 'ocr~2' }, 540)
  const { arrived, onTime, failed, cancelled, accuracySum } = scheduler.stats().pipelines['ocr~2']!
  deepEqual({ arrived, onTime, failed, cancelled }, {
    ...{ arrived: 4, onTime: 1, failed: { infeasible_deadline: 2 }, cancelled: 1 },
  })
  equal(accuracySum, before!.accuracySum)
  ok(accuracySum > 0)
  const [first] = of(scheduler.handle(askedOfNext('new', 90_000), 10_000), 'dispatch')
  equal(first!.variant, old!.variant)
  ok(Math.abs(first!.expectedMs / old!.expectedMs - 1) < 0.05, `${first!.expectedMs}`)
})

Deno.test('Replaced pipelines leave no state, however many there were', () => {
  const scheduler = byHand()
  let nowMs = 1
  for (let version = 2; version <= 5; version++) {
    const [old, name] = [version === 2 ? 'ocr' : `ocr~${version - 1}`, `ocr~${version}`]
    const pipeline = checkPipeline({ ...ocr, name }, name)
    scheduler.handle({ type: 'pipeline_added', pipeline, replaces: old }, nowMs)
    scheduler.handle({ type: 'node_able', node: 'a', able: refsOf(pipeline) }, nowMs)
    for (const ref of refsOf(pipeline)) {
      scheduler.handle({ type: 'instance_ready', node: 'a', slot: 0, ...ref }, nowMs)
    }
    scheduler.handle({ type: 'pipeline_followed', from: old, to: name }, nowMs)
    scheduler.handle({ type: 'pipeline_removed', pipeline: old, into: name }, nowMs)
    const query = { ...asked(name, nowMs + 60_000), pipeline: name } as PolicyEvent
    let sent = of(scheduler.handle(query, nowMs), 'dispatch')
    while (sent.length > 0) {
      sent = of(scheduler.handle(finished(sent[0]!.batch), ++nowMs), 'dispatch')
    }
    nowMs += 1000
  }
  const { fanOuts, profiles } = scheduler.memory()
  const names = fanOuts.map(({ task, variant }) => `${task} ${variant}`)
  deepEqual(names, [...new Set(names)])
  const models = profiles[0]![1].models.map(({ task, variant }) => `${task} ${variant}`)
  deepEqual(models, [...new Set(models)])
})

Deno.test('Only the last of the removed versions stays in memory', async () => {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...['run', '--no-check', '--v8-flags=--expose-gc'],
      fromFileUrl(new URL('renewal_child.ts', import.meta.url)),
    ],
    env: { NO_COLOR: '1' },
  }).output()
  ok(success, new TextDecoder().decode(stderr))
  const { arrived, onTime, alive, of } = JSON.parse(new TextDecoder().decode(stdout))
  deepEqual([of, arrived], [39, 3 * 39])
  ok(onTime > arrived / 2, `${onTime} of ${arrived}`)
  ok(alive <= 6, `${alive} of ${of}`)
})
