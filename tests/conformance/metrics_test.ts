/** `/metrics` as a scraper reads it. */
import assert from 'node:assert/strict'
import { longestOfTasks } from '../../src/coordinator/observe/metrics/longest.ts'
import {
  ask,
  joinScripted,
  PATIENT,
  pipeline,
  untilHolds,
  untilReady,
  withCoordinator,
} from '../coordinator/fixture.ts'

interface Scrape {
  /** By name and labels as written. */
  values: Map<string, number>
  types: Map<string, string>
  text: string
}

async function scrape(url: string): Promise<Scrape> {
  const response = await fetch(`${url}/metrics`)
  assert.equal(response.status, 200)
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
  const text = await response.text()
  const values = new Map<string, number>()
  const types = new Map<string, string>()
  for (const line of text.split('\n')) {
    const type = /^# TYPE (\S+) (\w+)$/.exec(line)
    if (type !== null) types.set(type[1] ?? '', type[2] ?? '')
    if (line === '' || line.startsWith('#')) continue
    const sample = /^([a-z_]+(?:\{(?:\w+="[^"]*",?)+\})?) (\S+)$/.exec(line)
    assert.ok(sample !== null, `not a sample: ${line}`)
    assert.ok(!values.has(sample[1] ?? ''), `twice: ${line}`)
    values.set(sample[1] ?? '', Number(sample[2]))
  }
  return { values, types, text }
}

Deno.test('/metrics counts queries by outcome, batches, nodes and what is inside', () =>
  withCoordinator(async (coordinator) => {
    const { url } = coordinator
    const { values: before } = await scrape(url)
    assert.equal(before.get('shoal_ready'), 0)
    assert.equal(before.get('shoal_nodes{state="standby"}'), 0)
    assert.equal(before.get('shoal_queries_total{pipeline="words",outcome="on_time"}'), 0)
    await (await ask(coordinator)).body?.cancel()

    const one = await joinScripted(coordinator, 'one')
    const two = await joinScripted(coordinator, 'two')
    await untilReady(coordinator)
    await untilHolds(coordinator, 'one', 4)
    await untilHolds(coordinator, 'two', 4)
    for (let i = 0; i < 3; i++) await (await ask(coordinator)).body?.cancel()
    await (await ask(coordinator, {}, 'no picture')).body?.cancel()
    const packed = { method: 'POST', headers: { 'content-encoding': 'gzip' }, body: 'a' }
    await (await fetch(`${url}/v2/models/words/infer`, packed)).body?.cancel()
    await two.leave()
    while (coordinator.pool.nodes().length > 1) await new Promise((done) => setTimeout(done, 1))

    const { values, types, text } = await scrape(url)
    const value = (name: string) => values.get(name) ?? assert.fail(`no ${name}\n${text}`)
    assert.equal(value('shoal_queries_total{pipeline="words",outcome="on_time"}'), 3)
    assert.equal(value('shoal_queries_total{pipeline="words",outcome="no_capable_node"}'), 1)
    assert.equal(value('shoal_queries_arrived_total{pipeline="words"}'), 4)
    assert.equal(
      value('shoal_requests_rejected_total{pipeline="words",reason="invalid_input"}'),
      1,
    )
    assert.equal(
      value('shoal_requests_rejected_total{pipeline="words",reason="unsupported_type"}'),
      1,
    )
    // Some failed as queries, and are none of these.
    assert.equal(text.match(/^shoal_requests_rejected_total\{/gm)?.length, 2)
    const accuracy = value('shoal_query_accuracy_total{pipeline="words"}')
    assert.ok(Math.abs(accuracy - 3 * 0.9 * 0.95) < 1e-9)
    assert.equal(value('shoal_queries_in_flight{pipeline="words"}'), 0)
    for (const task of ['find', 'read']) {
      assert.equal(value(`shoal_queue_depth{pipeline="words",task="${task}"}`), 0)
    }
    assert.equal(value('shoal_nodes_joined_total'), 2)
    assert.equal(value('shoal_nodes_left_total'), 1)
    const states = ['active', 'standby', 'resting', 'paused'] as const
    const nodes = states.map((state) => value(`shoal_nodes{state="${state}"}`))
    assert.equal(nodes.reduce((a, b) => a + b), 1)
    assert.equal(value('shoal_slots{backend="wasm"}'), 1)
    assert.equal(value('shoal_instances{pipeline="words",task="read",variant="large"}'), 1)
    assert.equal(value('shoal_ready'), 1)
    assert.ok(value('shoal_link_bytes_total{direction="sent"}') > 0)
    assert.ok(value('shoal_link_bytes_total{direction="received"}') > 0)
    assert.ok(value('process_resident_memory_bytes') > 1e7)

    // Items of all batches: a find and two reads a query, and batches claim a millisecond each.
    const sizes = ['find', 'read'].map((task) => `{pipeline="words",task="${task}"}`)
    const batches = sizes.map((labels) => value(`shoal_batch_size_count${labels}`))
    assert.deepEqual(sizes.map((labels) => value(`shoal_batch_size_sum${labels}`)), [3, 6])
    sizes.forEach((labels, i) => {
      const seconds = value(`shoal_batch_compute_seconds_sum${labels}`)
      assert.ok(Math.abs(seconds - 0.001 * (batches[i] ?? 0)) < 1e-9)
      assert.ok(value(`shoal_stage_queue_seconds_count${labels}`) >= 3)
    })
    const closed = [...values].filter(([name]) => name.startsWith('shoal_batches_closed_total{'))
    const sum = (all: number[]) => all.reduce((a, b) => a + b, 0)
    assert.equal(sum(closed.map(([, count]) => count)), sum(batches))

    const outcomes = ['on_time', 'failed'].map((outcome) => `pipeline="words",outcome="${outcome}"`)
    const durations = outcomes.map((of) => value(`shoal_query_duration_seconds_count{${of}}`))
    assert.deepEqual(durations, [3, 1])
    for (const [name, type] of types) {
      if (type !== 'histogram') continue
      for (const [sample, count] of values) {
        if (!sample.startsWith(`${name}_count`)) continue
        const labels = sample.slice(`${name}_count`.length).replace(/[{}]/g, '')
        const buckets = [...values].filter(([key]) =>
          key.startsWith(`${name}_bucket{${labels === '' ? '' : `${labels},`}le=`)
        ).map(([, below]) => below)
        assert.ok(buckets.length > 2, sample)
        assert.deepEqual(buckets, buckets.toSorted((a, b) => a - b), `${sample} is not cumulative`)
        assert.equal(buckets.at(-1), count, sample)
      }
    }
    await one.leave()
  }))

Deno.test('/metrics counts the batches that a node left with', () =>
  withCoordinator(async (coordinator) => {
    const node = await joinScripted(coordinator, 'one', () => undefined)
    await untilHolds(coordinator, 'one', 4)
    const client = new AbortController()
    const query = ask(coordinator, PATIENT, undefined, 'words', client.signal)
    await node.got('batch')
    await node.leave()
    while (coordinator.pool.node('one') !== undefined) await new Promise((r) => setTimeout(r, 1))
    client.abort()
    await assert.rejects(query)
    const { values } = await scrape(coordinator.url)
    assert.equal(values.get('shoal_batches_failed_total{pipeline="words"}'), 1)
  }))

Deno.test('/metrics tells of two versions of a pipeline by its one name', () =>
  withCoordinator(async (coordinator) => {
    const one = await joinScripted(coordinator, 'one')
    await untilReady(coordinator)
    const instances = async () =>
      [...(await scrape(coordinator.url)).values].filter(([name]) =>
        name.startsWith('shoal_instan')
      )
    await untilHolds(coordinator, 'one', 4)
    const before = await instances()
    assert.equal(before.length, 4)
    const next = { pipeline: { ...pipeline, name: 'words~2' }, models: {} }
    await coordinator.pool.renew(next, coordinator.pool.versions.find('words')!)
    const after = await instances()
    assert.deepEqual(after.map(([name]) => name).sort(), before.map(([name]) => name).sort())
    await one.leave()
  }))

Deno.test('/metrics follows the conventions: base units, totals, and no node among the labels', () =>
  withCoordinator(async (coordinator) => {
    await joinScripted(coordinator, 'a-node-of-that-name')
    await untilReady(coordinator)
    await (await ask(coordinator)).body?.cancel()
    const { types, text } = await scrape(coordinator.url)
    assert.ok(types.size > 20)
    for (const [name, type] of types) {
      assert.match(name, /^(shoal|process)_[a-z_]+$/)
      assert.equal(type === 'counter', name.endsWith('_total'), name)
      assert.ok(!/_(ms|milliseconds|us|kb|mb|percent)(_|$)/.test(name), name)
      assert.match(text, new RegExp(`^# HELP ${name} \\S`, 'm'))
    }
    assert.ok(!text.includes('a-node-of-that-name'))
    for (const name of ['solve_seconds_count', 'gap_ratio', 'objective', 'epoch']) {
      assert.match(text, new RegExp(`^shoal_plan_${name} `, 'm'))
    }
  }))

Deno.test('the dashboard asks for metrics that there are, and for no other', () =>
  withCoordinator(async (coordinator) => {
    await joinScripted(coordinator, 'one')
    await untilReady(coordinator)
    await (await ask(coordinator)).body?.cancel()
    const { types, values } = await scrape(coordinator.url)
    const file = new URL('../../docs/grafana-dashboard.json', import.meta.url)
    const dashboard = JSON.parse(await Deno.readTextFile(file))
    const asked = new Set<string>()
    const titles = new Set<string>()
    for (const panel of dashboard.panels) {
      assert.ok(!titles.has(panel.title), `two panels are called ${panel.title}`)
      titles.add(panel.title)
      for (const { expr } of panel.targets ?? []) {
        for (const [name] of expr.matchAll(/\b(shoal|process)_[a-z_]+/g)) asked.add(name)
      }
    }
    assert.ok(asked.size > 10)
    const known = new Set([...values.keys()].map((key) => key.split('{')[0]))
    const ofRare = ['shoal_requests_rejected_total', 'shoal_batches_failed_total']
    for (const name of asked) {
      assert.ok(known.has(name) || (ofRare.includes(name) && types.has(name)), name)
    }
  }))

Deno.test('longestOfTasks() sums the longest of each task', () => {
  const batch = (task: string, queueMs: number, networkMs: number) => ({ task, queueMs, networkMs })
  const batches = [batch('a', 3, 1), batch('b', 5, 2), batch('b', 5, 4), batch('b', 1, 3)]
  assert.equal(longestOfTasks(batches, 'queueMs'), 8)
  assert.equal(longestOfTasks(batches, 'networkMs'), 5)
  assert.equal(longestOfTasks([], 'queueMs'), 0)
})
