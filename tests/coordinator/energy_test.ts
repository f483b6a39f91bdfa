/** Energy: the model by itself, the meter in a time of its own, and a coordinator's figures. */
import assert from 'node:assert/strict'
import type { InferAnswer, StatsInfo } from '../../src/client/types.ts'
import { createMeter } from '../../src/coordinator/observe/energy/meter.ts'
import { POWER } from '../../src/coordinator/observe/energy/params.ts'
import type { Power } from '../../src/policy/core/elastic.ts'
import { kindOf, powerOf, wattsOf } from '../../src/coordinator/observe/energy/power.ts'
import type { PolicyCommand, PolicyEvent } from '../../src/policy/core/types.ts'
import { MAX_WATTS } from '../../src/protocol/mod.ts'
import { ask, honest, joinScripted, openLink, untilReady, withCoordinator } from './fixture.ts'

const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 1e-9, `${actual} is not ${expected}`)

const linear: Power = { idleW: 10, busyW: 50, exponent: 1 }
const convex: Power = { ...linear, exponent: 2 }

Deno.test('wattsOf() rises by equal steps where the exponent is 1, by growing ones above it', () => {
  const at = (power: Power) => [0, 1, 2, 3, 4].map((busy) => wattsOf(power, busy, 4))
  assert.deepEqual(at(linear), [10, 20, 30, 40, 50])
  assert.deepEqual(at(convex), [10, 12.5, 20, 32.5, 50])
  // A node may have let slots go that still run.
  assert.equal(wattsOf(linear, 3, 2), 50)
  assert.equal(wattsOf(linear, 1, 0), 50)
})

const device = (vendor: string, software = false) => ({
  ...{ vendor, software, architecture: '', description: '', shaderF16: false },
  ...{ maxBufferSize: 0, maxStorageBufferBindingSize: 0 },
})

Deno.test('kindOf() tells devices by what their nodes say of themselves', () => {
  const kind = (runtime: 'deno' | 'browser', backend: string, vendor?: string, software = false) =>
    kindOf({
      hello: { runtime, ...vendor === undefined ? {} : { device: device(vendor, software) } },
      backend,
    })
  assert.equal(kind('deno', 'wasm'), 'process')
  assert.equal(kind('deno', 'webgpu', 'nvidia'), 'card')
  assert.equal(kind('browser', 'webgpu', 'nvidia'), 'card')
  assert.equal(kind('browser', 'wasm', 'nvidia'), 'tab')
  assert.equal(kind('browser', 'webgpu', 'nvidia', true), 'tab')
  assert.equal(kind('browser', 'webgpu', 'intel'), 'tab')
  assert.equal(kind('browser', 'wasm', 'arm'), 'phone')
  assert.equal(kind('browser', 'wasm'), 'tab')
})

Deno.test('powerOf() takes the word of the volunteer, and no node takes less busy than idle', () => {
  const said = (idle: number, busy: number) =>
    powerOf({ hello: { watts: { idle, busy } }, backend: 'wasm' })
  assert.deepEqual(said(3, 7), { idleW: 3, busyW: 7, exponent: 1 })
  assert.deepEqual(said(30, 7), { idleW: 30, busyW: 30, exponent: 1 })
  assert.deepEqual(powerOf({ hello: {}, backend: 'wasm' }), POWER.process)
})

/** A meter over a scheduler that says what a test has it say, at times that the test names. */
function openMeter(power: Power, slots = 2) {
  const meter = createMeter((node) => node === 'gone' ? undefined : power)
  let says: PolicyCommand[] = []
  const { handle } = meter.over({ handle: () => says })
  const tell = (atMs: number, event: PolicyEvent, ...commands: PolicyCommand[]) => {
    says = commands
    assert.equal(handle(event, atMs), commands)
  }
  const join = (atMs: number, node: string, judge = false) =>
    tell(atMs, {
      ...{ type: 'node_joined', node, slots, duty: 1, able: [] },
      ...judge ? { judge } : {},
    })
  const dispatch = (batch: number, slot: number, ...queries: string[]): PolicyCommand => ({
    ...{ type: 'dispatch', batch, node: 'a', slot, pipeline: 'p~2', task: 't', variant: 'v' },
    ...{ deadlineMs: 0, expectedMs: 0, giveUpMs: 0 },
    items: queries.map((query) => ({ query, payload: null })),
  })
  const arrive = (atMs: number, query: string, ...commands: PolicyCommand[]) =>
    tell(
      atMs,
      { type: 'query_arrived', query, pipeline: 'p', deadlineMs: 0, payload: null },
      ...commands,
    )
  const finish = (atMs: number, batch: number, computeMs: number) =>
    tell(atMs, {
      ...{ type: 'batch_finished', batch, computeMs, outcomes: [], nodeQueueMs: 0, networkMs: 0 },
    })
  return { ...meter, tell, join, dispatch, arrive, finish }
}

Deno.test('createMeter() counts seconds, and shares the power of a node among what runs', () => {
  const { tell, join, dispatch, arrive, finish, answered, read } = openMeter(linear)
  join(0, 'a')
  near(read(1000).modelledJ, 10)
  assert.equal(read(1000).modelledW, 10)
  // Two slots run at once for a second: 50 W, half of it each; one batch has items of two queries.
  arrive(1000, 'x')
  arrive(1000, 'y', dispatch(1, 0, 'x', 'x', 'x', 'y'), dispatch(2, 1, 'y'))
  assert.equal(read(1500).modelledW, 50)
  finish(2000, 1, 1000)
  finish(2000, 2, 1000)
  near(answered('x', true), 0.75 * 25)
  near(answered('y', false), 0.25 * 25 + 25)
  assert.equal(answered('y', true), 0)
  const { pipelines: { p }, awakeNodeS, busySlotS, modelledJ, modelledW } = read(2000)
  near(awakeNodeS, 2)
  near(busySlotS, 2)
  near(modelledJ, 10 + 50)
  assert.equal(modelledW, 10)
  near(p!.busySlotS, 2)
  // Of queries with a result alone.
  near(p!.modelledJPerQuery!, 0.75 * 25)
  tell(3000, { type: 'node_left', node: 'a' })
  near(read(9000).modelledJ, 70)
  assert.equal(read(9000).modelledW, 0)
})

Deno.test('createMeter() has the last of many slots cost the most where the exponent is above 1', () => {
  const joules = (slots: number) => {
    const { join, dispatch, arrive, finish, read } = openMeter(convex, 2)
    join(0, 'a')
    const batches = Array.from({ length: slots }, (_, slot) => dispatch(slot + 1, slot, 'x'))
    arrive(0, 'x', ...batches)
    for (const [slot] of batches.entries()) finish(1000, slot + 1, 1000)
    return read(1000).modelledJ
  }
  near(joules(1), 10 + 10)
  near(joules(2), 10 + 40)
})

Deno.test('createMeter() believes no batch longer than the clock, nor one without an end', () => {
  const { tell, join, dispatch, arrive, finish, answered, read } = openMeter(linear, 1)
  join(0, 'a')
  arrive(0, 'x', dispatch(1, 0, 'x'), dispatch(2, 0, 'x'))
  finish(1000, 1, 1e9)
  finish(1500, 2, 1500)
  near(read(1500).busySlotS, 1.5)
  near(answered('x', true), 1.5 * 50)
  // Called off, its node never says a word of it: over with the next on its slot.
  tell(2000, { type: 'wake' }, dispatch(3, 0, 'x'))
  tell(2000, { type: 'wake' }, { type: 'cancel_batch', node: 'a', batch: 3 }, dispatch(4, 0, ''))
  finish(3000, 4, 500)
  assert.equal(read(3000).modelledW, 10)
  near(read(3000).busySlotS, 2)
  // Lost, or of a node that is not known.
  tell(3000, { type: 'wake' }, dispatch(5, 0, 'z'))
  tell(4000, { type: 'batch_failed', batch: 5, message: 'lost' })
  finish(4000, 99, 1000)
  near(read(4000).busySlotS, 2)
})

Deno.test('createMeter() counts neither nodes at rest nor paused ones, nor the auditor', () => {
  const { tell, join, dispatch, finish, read } = openMeter(linear, 1)
  join(0, 'a')
  join(0, 'judge', true)
  join(0, 'gone')
  tell(1000, { type: 'wake' }, { type: 'scale', node: 'a', slots: 0, duty: 1, threads: 1 })
  near(read(2000).awakeNodeS, 1)
  assert.equal(read(2000).modelledW, 0)
  // One at rest may be called for a batch.
  tell(2000, { type: 'wake' }, dispatch(1, 0, ''))
  assert.equal(read(2500).modelledW, 50)
  finish(3000, 1, 1000)
  near(read(4000).awakeNodeS, 2)
  tell(4000, { type: 'wake' }, { type: 'scale', node: 'a', slots: 1, duty: 1, threads: 1 })
  tell(5000, { type: 'node_reported', node: 'a', paused: true })
  near(read(6000).awakeNodeS, 3)
  tell(6000, { type: 'node_reported', node: 'a', paused: false })
  near(read(7000).awakeNodeS, 4)
})

const statsOf = async (url: string): Promise<StatsInfo> =>
  await (await fetch(`${url}/v1/stats`)).json()

Deno.test('an answer, its head and /v1/stats tell of the energy, and that it is modelled', () =>
  withCoordinator(async (coordinator) => {
    const watts = { idle: 5, busy: 25 }
    const node = await joinScripted(coordinator, 'one', honest, { watts }, 40)
    await untilReady(coordinator)
    const response = await ask(coordinator)
    const { modelledJ, stages } = await response.json() as InferAnswer
    // By the clock of whoever is to believe it: batches of a slot behind each other.
    const mostJ = 25 * stages.reduce((sum, { computeMs }) => sum + computeMs, 0) / 1000
    assert.ok(modelledJ >= 25 * 0.04 * 0.9 && modelledJ <= mostJ + 0.01, `${modelledJ} of ${mostJ}`)
    const head = response.headers.get('server-timing') ?? ''
    assert.ok(head.includes(`, energy;desc="${modelledJ} J modelled", `), head)
    const { energy, pipelines: { words } } = await statsOf(coordinator.url)
    assert.equal(energy.modelledW, 5)
    assert.ok(energy.awakeNodeS > energy.busySlotS && energy.busySlotS >= 0.04 * 0.9)
    assert.ok(Math.abs(words!.modelledJPerQuery! - modelledJ) < 0.01)
    await node.leave()
  }))

Deno.test('a node that lies about its watts is turned away beyond the bounds, and bounded within', () =>
  withCoordinator(async (coordinator) => {
    for (const watts of [{ idle: 0, busy: 1e9 }, { idle: -1000, busy: 5 }]) {
      const liar = await openLink(coordinator)
      liar.send({ type: 'hello', protocol: 1, nodeId: 'liar', epoch: 1, watts })
      assert.ok((await liar.closed).code >= 1007)
    }
    assert.deepEqual(coordinator.pool.nodes(), [])
    assert.equal((await statsOf(coordinator.url)).energy.modelledW, 0)
    const watts = { idle: MAX_WATTS, busy: 0 }
    const liar = await joinScripted(coordinator, 'liar', honest, { watts })
    await untilReady(coordinator)
    await (await ask(coordinator)).body?.cancel()
    assert.equal((await statsOf(coordinator.url)).energy.modelledW, MAX_WATTS)
    // Nothing else heeds it: it serves as any other.
    const { pipelines: { words } } = await statsOf(coordinator.url)
    assert.equal(words!.onTime, 1)
    await liar.leave()
  }))
