/** Each rule of the peers on a case small enough to follow by hand. */
import assert from 'node:assert/strict'
import { assign } from '../../src/peers/assign.ts'
import { proteusBatching, workConserving } from '../../src/peers/batching.ts'
import { createClasses } from '../../src/peers/classes.ts'
import { dropRuleOf, reroute } from '../../src/peers/drops.ts'
import { createEstimate } from '../../src/peers/ewma.ts'
import { createQuery, type Item } from '../../src/peers/queries.ts'
import { createSender } from '../../src/peers/sender.ts'
import type { Strategy } from '../../src/peers/strategy.ts'
import {
  mostAccurateFirst,
  pickByLot,
  pickSmoothly,
  type TableInput,
} from '../../src/peers/tables.ts'
import type { Worker } from '../../src/peers/worker.ts'
import type { PolicyCommand } from '../../src/policy/core/types.ts'
import { createRandom } from '../../src/sim/random.ts'
import { small } from './fixtures.ts'

const sharesOf = (routes: readonly { worker: Worker; weight: number }[]) =>
  routes.map(({ worker, weight }) => [worker.node, +weight.toFixed(6)])

/** Workers: 20/s and 100/s to find, 40/s, 40/s and 200/s to name. */
function pool() {
  const { model, variant, worker } = small()
  const findExact = worker(variant('find', 'exact'), { node: 'fe' })
  const findQuick = worker(variant('find', 'quick'), { node: 'fq' })
  const names = ['n1', 'n2'].map((node) => worker(variant('name', 'exact'), { node }))
  const nameQuick = worker(variant('name', 'quick'), { node: 'nq' })
  const workers = [nameQuick, findQuick, ...names, findExact]
  const tables = (rate: number, given: Partial<TableInput> = {}) =>
    mostAccurateFirst({
      model,
      workers,
      ratePerS: () => rate,
      factor: ({ fanOut }, child) => fanOut[child]!,
      cap: 1,
      leftover: 'equal',
      random: () => 0,
      ...given,
    })
  const [pipeline] = model.pipelines
  const name = model.tasks[1]!
  return { tables, pipeline: pipeline!, findExact, findQuick, nameQuick, name }
}

Deno.test('MostAccurateFirst fills the most accurate workers first, parents before children', () => {
  const { tables, pipeline, findExact, findQuick, name } = pool()
  const { root, next, backup } = tables(50)
  assert.deepEqual(sharesOf(root.get(pipeline)!), [['fe', 20], ['fq', 30]])
  // The better finder's items go first to the better namers.
  assert.deepEqual(sharesOf(next.get(findExact)![0]!), [['n1', 40]])
  assert.deepEqual(sharesOf(next.get(findQuick)![0]!), [['n2', 40], ['nq', 20]])
  assert.deepEqual(backup.get(name)!.map(({ node }) => node), ['nq'])
})

Deno.test('demand beyond all capacity goes to all alike, or to each by its capacity', () => {
  const { tables, pipeline } = pool()
  assert.deepEqual(sharesOf(tables(180).root.get(pipeline)!), [['fe', 50], ['fq', 130]])
  const byCapacity = tables(180, { leftover: 'capacity' }).root.get(pipeline)!
  assert.deepEqual(sharesOf(byCapacity), [['fe', 30], ['fq', 150]])
})

Deno.test('the cap of the router and balanced filling', () => {
  const { tables, pipeline, findExact, findQuick } = pool()
  assert.deepEqual(sharesOf(tables(18, { cap: 0.5 }).root.get(pipeline)!), [['fe', 10], ['fq', 8]])
  const { next } = tables(10, { balanced: true })
  assert.deepEqual(sharesOf(next.get(findExact)![0]!), [['n1', 10], ['n2', 10]])
  assert.ok(next.get(findQuick)![0]!.length > 0, 'has a way out, though nothing is planned for it')
})

Deno.test('lots follow the weights in the long run, smooth round robin in every cycle', () => {
  const { tables, pipeline } = pool()
  const routes = tables(50).root.get(pipeline)!
  const smooth = Array.from({ length: 5 }, () => pickSmoothly(routes)!.node)
  assert.deepEqual(smooth, ['fq', 'fe', 'fq', 'fe', 'fq'])
  const random = createRandom(4)
  let exact = 0
  for (let i = 0; i < 10_000; i++) if (pickByLot(routes, random)!.node === 'fe') exact++
  assert.ok(Math.abs(exact / 10_000 - 0.4) < 0.02, `${exact}`)
  assert.equal(pickSmoothly([]), undefined)
})

Deno.test('reroute() takes the most accurate worker that makes up for the delay, else none', () => {
  const { variant, worker } = small()
  const planned = worker(variant('name', 'exact'), { batch: 4 })
  const backup = [
    worker(variant('name', 'exact'), { node: 'as slow', batch: 4 }),
    worker(variant('name', 'exact'), { node: 'exact', batch: 2 }),
    worker(variant('name', 'quick'), { node: 'quick', batch: 4 }),
  ]
  // Processing times 100, 50 and 20 ms.
  const to = (lateMs: number) => reroute(planned, lateMs, backup, () => 0)?.node
  assert.deepEqual([40, 50, 51, 80, 81].map(to), ['exact', 'exact', 'quick', 'quick', undefined])
  const tied = [backup[1]!, worker(variant('name', 'exact'), { node: 'other', batch: 2 })]
  assert.equal(reroute(planned, 40, tied, () => 0.9)?.node, 'other', 'ties at random')
})

Deno.test('dropRuleOf() knows the four policies', () => {
  assert.equal(dropRuleOf(undefined, 'rerouting'), 'rerouting')
  assert.equal(dropRuleOf('none', 'rerouting'), 'none')
  assert.throws(() => dropRuleOf('all', 'none'), /there are none, last-task, per-task, rerouting/)
})

Deno.test('with an item that is dropped go those of its query that wait behind', () => {
  const { model, variant, worker } = small()
  const queryOf = (id: string) => createQuery(id, 0, model.pipelines[0]!, 400, null, 0)
  const [late, other] = [queryOf('late'), queryOf('other')]
  const item = ({ root }: typeof late, arrivedMs: number): Item => ({ ...root, arrivedMs })
  const one = worker(variant('find', 'exact'), {
    batch: 4,
    queue: [item(late, 0), item(other, 90), item(late, 95)],
  })
  const sent: PolicyCommand[] = []
  const sender = createSender({
    // By each worker's budget: what came first has overrun it, what came after has not.
    strategy: { drop: 'per-task', dropsAhead: true, batching: workConserving } as Strategy,
    emit: (command) => void sent.push(command),
    workers: () => [one],
    late: ({ query }) => void (query.closed = true),
    idle: () => {},
  })
  sender.touch(one)
  sender.feed(300)
  assert.deepEqual(
    sent.map((command) => command.type === 'dispatch' && command.items.map(({ query }) => query)),
    [['other']],
  )
})

Deno.test('Proteus waits for one more item while the first can still end in time', () => {
  const { model, variant, worker } = small()
  const item = (arrivedMs: number) =>
    createQuery('q', 0, model.pipelines[0]!, 1e6, null, arrivedMs).root
  // Due 200 ms after it came; 10 ms an item.
  const one = worker(variant('find', 'quick'), { batch: 4, queue: [item(0), item(5)] })
  assert.deepEqual(proteusBatching.close(one, 10), { size: 0, untilMs: 170 })
  assert.deepEqual(proteusBatching.close(one, 170), { size: 2, untilMs: Infinity })
  one.queue.push(item(20), item(30), item(40))
  assert.deepEqual(proteusBatching.close(one, 40), { size: 4, untilMs: Infinity })
  assert.deepEqual(proteusBatching.close(one, 175), { size: 2, untilMs: Infinity })
  assert.deepEqual(workConserving.close(one, 40), { size: 4, untilMs: Infinity })
})

Deno.test('assign() moves as few workers as can be, and those at rest first', () => {
  const { device, variant, worker } = small()
  const exact = variant('find', 'exact')
  const quick = variant('find', 'quick')
  const name = variant('name', 'quick')
  const workers = [
    worker(exact, { node: 'stays' }),
    worker(exact, { node: 'surplus' }),
    worker(null, { node: 'rests' }),
    worker(null, { node: 'warm', held: new Set([quick]) }),
  ]
  const group = (variant: typeof exact, count: number) => ({
    class: device,
    variant,
    batch: 2,
    count,
  })
  const given = (counts: [typeof exact, number][]) =>
    Object.fromEntries(
      [...assign({ groups: counts.map(([v, n]) => group(v, n)) } as never, workers)]
        .map(([{ node }, target]) => [node, target?.variant.ref.variant ?? null]),
    )
  assert.deepEqual(given([[name, 1], [exact, 1], [quick, 1]]), {
    stays: 'exact',
    surplus: null,
    rests: 'quick',
    warm: 'quick',
  })
  assert.deepEqual(given([[exact, 1], [quick, 1], [name, 2]]), {
    stays: 'exact',
    surplus: 'quick',
    rests: 'quick',
    warm: 'quick',
  })
  assert.deepEqual(given([]), { stays: null, surplus: null, rests: null, warm: null })
})

Deno.test('the estimate weighs windows of a second by 0.385 and holds its first rate', () => {
  const estimate = createEstimate(100)
  assert.equal(estimate.ratePerS(999), 100)
  for (let i = 0; i < 50; i++) estimate.count(10 * i)
  assert.ok(Math.abs(estimate.ratePerS(1000) - (100 - 0.385 * 50)) < 1e-9)
  const silent = (100 - 0.385 * 50) * (1 - 0.385) ** 3
  assert.ok(Math.abs(estimate.ratePerS(4999) - silent) < 1e-9)
})

Deno.test('nodes with profiles that are alike are one class, others another', () => {
  const { model } = small()
  const classes = createClasses(model)
  const of = (factor: number, duty = 1) =>
    classes.classOf(
      model.variants,
      new Map(model.variants.map((v) => [v, [
        { batch: 1, latencyMs: 10 * factor },
        { batch: 4, latencyMs: 34 * factor },
      ]])),
      duty,
    )
  assert.equal(of(1), of(1.05))
  assert.notEqual(of(1), of(1.5))
  const [variant] = model.variants
  assert.deepEqual([1, 2, 4, 5].map((batch) => of(1).latencyMs(variant!, batch)), [10, 18, 34, 42])
  // Who rests half of the time gets half as much done.
  assert.equal(of(1, 0.5), of(2))
  assert.equal(of(1, 0.5).latencyMs(variant!, 2), 36)
})

Deno.test('classes that are no longer looked through are made anew, and those in use stay what they are', () => {
  const { model } = small()
  const classes = createClasses(model)
  const of = (latencyMs: number) =>
    classes.classOf(
      model.variants,
      new Map(model.variants.map((v) => [v, [{ batch: 1, latencyMs }]])),
    )
  const first = of(1)
  for (let i = 1; i < 2000; i++) of(2 ** (i / 2))
  assert.equal(of(1), first)
  of(1e-9)
  const again = of(1)
  assert.notEqual(again, first)
  assert.notEqual(again.name, first.name)
  assert.deepEqual([first, again].map((one) => one.latencyMs(model.variants[0]!, 1)), [1, 1])
})
