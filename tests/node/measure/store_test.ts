/** Measured profiles in a real cache: found again, bounded, and no harm when they are not ours. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import type { RememberedRow } from '../../../src/node/measure/recall.ts'
import { createProfileStore, type ProfileStore } from '../../../src/node/measure/store.ts'

const PLACE = 'https://profiles.invalid/1'
const row = (latencyMs: number): RememberedRow => ({
  measuredAt: '2026-03-01T12:00:00.000Z',
  points: [{ batch: 1, latencyMs }],
  beyondMs: 2,
  singly: false,
})

async function withStore(
  test: (scene: { store: ProfileStore; cache: Cache; warnings: string[] }) => Promise<void>,
) {
  const name = crypto.randomUUID()
  const cache = await caches.open(name)
  const warnings: string[] = []
  const store = createProfileStore({
    openCache: () => Promise.resolve(cache),
    warn: (message) => void warnings.push(message),
  })
  try {
    await test({ store, cache, warnings })
  } finally {
    await caches.delete(name)
  }
}

Deno.test('profile store gives each context its own table', () =>
  withStore(async ({ store, warnings }) => {
    equal(await store.read('here'), undefined)
    await store.write('here', new Map([['m', row(1)]]))
    await store.write('there', new Map([['m', row(2)]]))
    await store.write('here', new Map([['m', row(3)], ['n', row(4)]]))
    deepEqual(await store.read('here'), new Map([['m', row(3)], ['n', row(4)]]))
    deepEqual(await store.read('there'), new Map([['m', row(2)]]))
    equal(await store.read('elsewhere'), undefined)
    deepEqual(warnings, [])
  }))

for (
  const [what, text] of Object.entries({
    'cut short': '{"schema":"shoal-node-profiles/1","tab',
    'of another kind': '{"schema":"another/7","tables":[]}',
    'with figures that are none': JSON.stringify({
      schema: 'shoal-node-profiles/1',
      tables: [{ context: 'here', rows: [{ id: 'm', ...row(-1) }] }],
    }),
    'too large': ' '.repeat(600_000),
  })
) {
  Deno.test(`profile store passes over a file ${what}, says so, and writes a good one`, () =>
    withStore(async ({ store, cache, warnings }) => {
      await cache.put(PLACE, new Response(text))
      equal(await store.read('here'), undefined)
      equal(warnings.length, 1)
      match(warnings[0]!, /^The remembered profile is not used: /)
      await store.write('here', new Map([['m', row(1)]]))
      deepEqual(await store.read('here'), new Map([['m', row(1)]]))
    }))
}

Deno.test('profile store leaves out what it could not read again, and keeps the others', () =>
  withStore(async ({ store, warnings }) => {
    const odd = [row(0), row(1e9), row(NaN), { ...row(1), beyondMs: -1 }, { ...row(1), points: [] }]
    const table = new Map([['m', row(1)], ...odd.map((one, i) => [`odd ${i}`, one] as const)])
    await store.write('here', table.set('n'.repeat(2000), row(2)))
    deepEqual(await store.read('here'), new Map([['m', row(1)]]))
    deepEqual(warnings, [])
  }))

Deno.test('profile store stays small whatever is measured', () =>
  withStore(async ({ store, cache }) => {
    const points = Array.from({ length: 40 }, (_, i) => ({ batch: i + 1, latencyMs: i + 1 }))
    for (let context = 0; context < 12; context++) {
      const table = new Map<string, RememberedRow>()
      for (let i = 0; i < 500; i++) table.set(`model ${i}`, { ...row(1), points })
      await store.write(`context ${context}`, table)
    }
    equal(await store.read('context 0'), undefined, 'the oldest went')
    const last = await store.read('context 11')
    ok(last?.has('model 499') === true && last.size <= 128)
    const text = await (await cache.match(PLACE))!.text()
    ok(text.length < 512 * 1024, `${text.length}`)
  }))

Deno.test('profile store does without a cache', async () => {
  const store = createProfileStore({ openCache: () => Promise.resolve(undefined), warn() {} })
  await store.write('here', new Map([['m', row(1)]]))
  equal(await store.read('here'), undefined)
})
