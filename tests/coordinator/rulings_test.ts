/** Pinning and forbidding variants while real links serve. */
import assert from 'node:assert/strict'
import type { PlanInfo } from '../../src/client/types.ts'
import type { Coordinator } from '../../src/cli/serve/coordinator.ts'
import { checkPipeline } from '../../src/pipeline/parse.ts'
import { ask, joinScripted, pipeline, untilHolds, untilReady, withCoordinator } from './fixture.ts'

/** As the fixture's, but that `large` takes more memory than a small node has. */
const sized = checkPipeline({
  ...{ schema: 'shoal-pipeline/1', name: 'words', sloMs: 5000, root: 'find' },
  tasks: {
    find: { next: ['read'], variants: { fast: { accuracy: 0.6, memoryBytes: 100 } } },
    read: {
      variants: {
        small: { accuracy: 0.7, memoryBytes: 100 },
        large: { accuracy: 0.9, memoryBytes: 1000 },
      },
    },
  },
}, 'sized')

async function rule(
  { url }: Coordinator,
  action: 'pin' | 'forbid' | 'allow',
  task: string,
  variant: string,
  { name = 'words', headers = {} }: { name?: string; headers?: Record<string, string> } = {},
) {
  const path = `/v1/pipelines/${name}/variants/${task}/${variant}/${action}`
  const response = await fetch(url + path, { method: 'POST', headers })
  return { status: response.status, json: await response.json() }
}

const planOf = async ({ url }: Coordinator): Promise<PlanInfo> =>
  await (await fetch(`${url}/v1/plan`)).json()

async function pathOf(coordinator: Coordinator) {
  const response = await ask(coordinator)
  assert.equal(response.status, 200)
  const { path } = await response.json()
  return Object.fromEntries(
    Object.entries(path as Record<string, object>).map(([task, counts]) => [
      task,
      Object.keys(counts).join(),
    ]),
  )
}

Deno.test('a pinned variant answers alone, a forbidden one not at all, until allowed', () =>
  withCoordinator(async (coordinator) => {
    const node = await joinScripted(coordinator, 'one')
    await untilReady(coordinator)
    await untilHolds(coordinator, 'one', 4)
    assert.deepEqual(await pathOf(coordinator), { find: 'slow', read: 'large' })

    const pinned = await rule(coordinator, 'pin', 'find', 'fast')
    assert.equal(pinned.status, 200)
    const ruling = { pipeline: 'words', task: 'find', variant: 'fast', ruling: 'pinned' }
    assert.deepEqual(pinned.json, { rulings: [ruling] })
    await node.got('unload', ({ instances }) => instances[0]?.variant === 'slow')
    assert.deepEqual(await pathOf(coordinator), { find: 'fast', read: 'large' })
    assert.equal((await rule(coordinator, 'forbid', 'read', 'large')).status, 200)
    assert.deepEqual(await pathOf(coordinator), { find: 'fast', read: 'small' })
    const plan = await planOf(coordinator)
    assert.match(plan.reason, /find fast is pinned, read large is forbidden/)
    assert.equal(plan.rulings.length, 2)
    assert.deepEqual([...new Set(plan.instances.map(({ variant }) => variant))], ['fast', 'small'])

    const late = await joinScripted(coordinator, 'late')
    await untilHolds(coordinator, 'late', 2)
    const loads = late.messages.flatMap((message) =>
      message.type === 'load' ? message.instances.map(({ variant }) => variant) : []
    )
    assert.deepEqual(loads.sort(), ['fast', 'small'])

    await rule(coordinator, 'allow', 'find', 'fast')
    const { json } = await rule(coordinator, 'allow', 'read', 'large')
    assert.deepEqual(json, { rulings: [] })
    await untilHolds(coordinator, 'one', 4)
    await untilHolds(coordinator, 'late', 4)
    assert.deepEqual(await pathOf(coordinator), { find: 'slow', read: 'large' })
  }))

Deno.test('what would leave a task with nothing is refused, and changes nothing', () =>
  withCoordinator(async (coordinator) => {
    const conflict = async (action: 'pin' | 'forbid', task: string, variant: string) => {
      const { status, json } = await rule(coordinator, action, task, variant)
      assert.equal(status, 409)
      assert.equal(json.reason, 'conflict')
      return json.error as string
    }
    // Before anybody is here, too.
    assert.equal((await rule(coordinator, 'forbid', 'find', 'fast')).status, 200)
    assert.match(await conflict('forbid', 'find', 'slow'), /find would have no variant left/)
    await rule(coordinator, 'pin', 'find', 'slow')
    assert.match(await conflict('forbid', 'find', 'slow'), /pinned, allow it first/)
    assert.deepEqual(
      (await planOf(coordinator)).rulings.map(({ ruling }) => ruling),
      ['forbidden', 'pinned'],
    )
    for (
      const [task, variant, name] of [
        ['find', 'huge'],
        ['constructor', 'fast'],
        ['find', 'fast', 'nothing'],
      ]
    ) {
      const given = name === undefined ? {} : { name }
      const { status, json } = await rule(coordinator, 'pin', task!, variant!, given)
      assert.equal(status, 404)
      assert.equal(json.reason, name === undefined ? 'not_found' : 'unknown_pipeline')
    }
    // Of a task's variants one is pinned at most.
    const { json } = await rule(coordinator, 'pin', 'find', 'fast')
    const ruling = { pipeline: 'words', task: 'find', variant: 'fast', ruling: 'pinned' }
    assert.deepEqual(json, { rulings: [ruling] })
  }))

Deno.test('a variant that no node here is able to hold cannot be pinned', () =>
  withCoordinator(
    async (coordinator) => {
      // 300 bytes hold the small ones alone.
      await joinScripted(coordinator, 'small', undefined, { slotMemoryBytes: 300 })
      const { status, json } = await rule(coordinator, 'pin', 'read', 'large')
      assert.equal(status, 409)
      assert.match(json.error, /no node here is able to hold/)
      assert.equal((await rule(coordinator, 'pin', 'read', 'small')).status, 200)
    },
    undefined,
    { pipelines: [{ dir: '', pipeline: sized, models: {} }] },
  ))

Deno.test('what was said of variants holds for the next version, too, and holds it up for nobody', () => {
  const lines: string[] = []
  return withCoordinator(
    async (coordinator) => {
      await joinScripted(coordinator, 'one')
      await untilReady(coordinator)
      await rule(coordinator, 'forbid', 'find', 'slow')
      await rule(coordinator, 'pin', 'read', 'small')
      const { pool } = coordinator
      const next = { ...pipeline, name: 'words~2' }
      await pool.renew({ pipeline: next, models: {} }, pool.versions.find('words')!)
      assert.deepEqual(await pathOf(coordinator), { find: 'fast', read: 'small' })
      // All that it is to hold, and not given up as one that never says so.
      assert.ok(lines.includes('node one holds words~2'), lines.join('\n'))
    },
    undefined,
    { log: (line) => void lines.push(line) },
  )
})

Deno.test('rules that keep to no ruling say so', () =>
  withCoordinator(
    async (coordinator) => {
      const { status, json } = await rule(coordinator, 'pin', 'find', 'fast')
      assert.equal(status, 409)
      assert.match(json.error, /this policy/)
    },
    undefined,
    { policy: 'static' },
  ))

Deno.test('variants are ruled on from loopback alone, and a page is told whether it may', () =>
  withCoordinator(async (coordinator) => {
    const allowed = async (headers: Record<string, string>) =>
      (await (await fetch(`${coordinator.url}/v1/admin`, { headers })).json()).allowed
    assert.equal(await allowed({}), true)
    for (const header of ['x-forwarded-for', 'origin']) {
      const headers = { [header]: 'http://elsewhere.example' }
      for (const action of ['pin', 'forbid', 'allow'] as const) {
        const { status, json } = await rule(coordinator, action, 'find', 'fast', { headers })
        assert.equal(status, 403)
        assert.equal(json.reason, 'forbidden')
      }
      assert.equal(await allowed(headers), false)
    }
    assert.deepEqual((await planOf(coordinator)).rulings, [])
  }))
