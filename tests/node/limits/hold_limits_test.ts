import { deepEqual, equal, match } from 'node:assert/strict'
import { createHoldLimits, ENGINE_BYTES, NODE_BYTES } from '../../../src/node/limits/hold_limits.ts'
import { limitsLine } from '../../../src/node/limits/node_limits.ts'
import { checkPipeline } from '../../../src/pipeline/parse.ts'
import type { Welcome } from '../../../src/protocol/messages.ts'

const hash = (letter: string) => letter.repeat(64)
const variant = (megabytes: number, model: string) => ({
  accuracy: megabytes / 1000,
  model,
  memoryBytes: megabytes * 1e6,
})
const PIPELINE = {
  ...{ schema: 'shoal-pipeline/1', name: 'p', sloMs: 1000, root: 't' },
  tasks: { t: { next: [], variants: { a: variant(40, 'a'), b: variant(70, 'b') } } },
}
const welcome: Welcome = {
  ...{ type: 'welcome', protocol: 1, pipelines: [], modelPath: '/', heartbeatMs: 0 },
  models: { p: { a: { sha256: hash('a'), bytes: 1000 }, b: { sha256: hash('b'), bytes: 2000 } } },
}

function limitsOf(
  forModelsMb: number,
  more: Partial<Parameters<typeof createHoldLimits>[0]> = {},
  cached: string[] = [],
) {
  // A third of it is for decoding.
  const memoryBytes = NODE_BYTES + ENGINE_BYTES + forModelsMb * 1.5e6
  const limits = createHoldLimits({ memoryBytes, ...more })
  const again = () => limits.welcome(welcome, [checkPipeline(PIPELINE, 'test')], cached)
  again()
  return { ...limits, limits, again }
}

Deno.test('limits take variants until the memory of the slot is used, each slot alone', () => {
  const { take, free } = limitsOf(100)
  deepEqual(take(0, 'p/t/a'), { unload: [] })
  deepEqual(take(0, 'p/t/a'), { unload: [] }, 'asked for again')
  const answer = take(0, 'p/t/b')
  equal('refusal' in answer && answer.refusal.reason, 'out_of_memory_budget')
  match(
    'refusal' in answer ? answer.refusal.message : '',
    /^it takes about 70 MB, of the 100 MB .* 60 MB/,
  )
  deepEqual(take(1, 'p/t/b'), { unload: [] })
  free(0, 'p/t/a')
  deepEqual(take(0, 'p/t/b'), { unload: [] })
})

Deno.test('limits give up first what a new connection did not ask for', () => {
  const { take, again } = limitsOf(100)
  take(0, 'p/t/a')
  again()
  deepEqual(take(0, 'p/t/b'), { unload: ['p/t/a'] })
  again()
  take(0, 'p/t/b')
  equal('refusal' in take(0, 'p/t/a'), true)
})

Deno.test('limits count what is held though a load is refused that it would have made room for', () => {
  const { take, again, limits } = limitsOf(100)
  take(0, 'p/t/a')
  again()
  limits.setDownloads('least')
  equal('refusal' in take(0, 'p/t/b'), true)
  limits.setDownloads('all')
  deepEqual(take(0, 'p/t/b'), { unload: ['p/t/a'] })
})

Deno.test('limits forget slots that are gone', () => {
  const { take, keep } = limitsOf(100)
  take(0, 'p/t/a')
  take(1, 'p/t/a')
  keep(1)
  deepEqual(take(1, 'p/t/b'), { unload: [] })
  equal('refusal' in take(0, 'p/t/b'), true)
})

Deno.test('limits allow as many slots as can each hold all', () => {
  equal(limitsOf(100).limits.mostSlots, 1)
  equal(limitsOf(2 * 110 + ENGINE_BYTES / 1e6).limits.mostSlots, 2)
  equal(limitsOf(-200).limits.mostSlots, 1)
  equal(limitsOf(-200).limits.slotBytes, 0)
})

Deno.test('limits say what keeps all that is served from fitting, and nothing where some fits', () => {
  equal(limitsOf(100).limits.unfit, undefined)
  match(limitsOf(30).limits.unfit ?? '', /least takes about 40 MB .* hold 30 MB$/)
  equal(createHoldLimits({ memoryBytes: 0 }).unfit, undefined)
  const half = createHoldLimits({ memoryBytes: Infinity })
  const variants = { b: { ...variant(4, 'b'), precision: 'fp16' } }
  const tasks = { t: { next: [], variants } }
  half.welcome(welcome, [checkPipeline({ ...PIPELINE, tasks }, 'test')], [])
  match(half.unfit ?? '', /^Cannot hold p\/t\/b: it is of half precision/)
})

Deno.test('limits do not say that a small variant takes nothing, nor that it has room', () => {
  const small = createHoldLimits({ memoryBytes: NODE_BYTES + ENGINE_BYTES + 0.1e6 })
  const tasks = { t: { next: [], variants: { a: variant(0.2, 'a') } } }
  small.welcome(welcome, [checkPipeline({ ...PIPELINE, tasks }, 'test')], [])
  match(small.unfit ?? '', /least takes about 1 MB .* hold 0 MB$/)
  match(limitsLine(small) ?? '', /has 0 MB for models, the least takes 1 MB$/)
})

Deno.test('limits keep a part for large pictures, up to the largest that is taken', () => {
  const most = (forModelsMb: number) => limitsOf(forModelsMb).limits.maxPixels
  // 16 bytes a pixel, beside four megapixels that each slot can decode.
  equal(most(0), 2 ** 22)
  equal(most(-200), 2 ** 22)
  equal(most(320), 2 ** 22 + 10e6)
  equal(most(10_000), 50e6)
  equal(limitsOf(10_000).limits.slotBytes, 15_000e6 - 16 * (50e6 - 2 ** 22))
  equal(createHoldLimits({ memoryBytes: Infinity }).maxPixels, undefined)
})

Deno.test('limits share the memory where the number of slots is fixed', () => {
  const { limits } = limitsOf(100 + ENGINE_BYTES / 1e6, { slots: 2 })
  equal(limits.slotBytes, 50e6)
  deepEqual(limits.able, { of: 2, variants: 1, leastBytes: 40e6 })
})

Deno.test('limits on downloads refuse the larger model unless it is there', () => {
  const { take, limits } = limitsOf(1000, { downloads: 'least' })
  deepEqual(take(0, 'p/t/a'), { unload: [] })
  const answer = take(0, 'p/t/b')
  equal('refusal' in answer && answer.refusal.reason, 'downloads_limited')
  deepEqual([limits.mayFetch(hash('a')), limits.mayFetch(hash('b'))], [true, false])
  limits.setDownloads('all')
  deepEqual(take(0, 'p/t/b'), { unload: [] })
  const there = limitsOf(1000, { downloads: 'least' }, [hash('b')])
  deepEqual(there.take(0, 'p/t/b'), { unload: [] })
})

Deno.test('limits refuse what does not run on the backend of the moment', () => {
  const half = {
    ...PIPELINE,
    tasks: {
      t: {
        next: [],
        variants: { a: variant(40, 'a'), b: { ...variant(4, 'b'), precision: 'fp16' } },
      },
    },
  }
  const limits = createHoldLimits({ memoryBytes: Infinity })
  limits.welcome(welcome, [checkPipeline(half, 'test')], [])
  deepEqual(limits.able, { of: 1, variants: 1, leastBytes: 4e6 })
  const refused = limits.take(0, 'p/t/b')
  match('refusal' in refused ? refused.refusal.message : '', /half precision.* GPUs only/)
  limits.runsOn({ backend: 'webgpu', device: { shaderF16: true } })
  deepEqual(limits.take(0, 'p/t/b'), { unload: [] })
  equal(limits.able.variants, 2)
})
