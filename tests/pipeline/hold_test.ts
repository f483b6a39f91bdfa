import { deepEqual, equal, ok } from 'node:assert/strict'
import { ableVariants, memoryOf, servedVariants } from '../../src/pipeline/hold.ts'
import { leastModels } from '../../src/pipeline/least_models.ts'
import { checkPipeline } from '../../src/pipeline/parse.ts'

const input = (height: number, width: number) => ({ height, width })
const pipeline = checkPipeline({
  ...{ schema: 'shoal-pipeline/1', name: 'p', sloMs: 1000, root: 'find' },
  tasks: {
    find: {
      next: ['read'],
      variants: {
        large: { accuracy: 0.9, model: 'finder', input: input(1000, 1000) },
        small: { accuracy: 0.5, model: 'finder', input: input(300, 300) },
      },
    },
    read: {
      next: [],
      variants: {
        best: { accuracy: 0.99, model: 'reader', input: input(48, 480) },
        equal: { accuracy: 0.9, model: 'other', input: input(16, 400) },
        huge: { accuracy: 1, model: 'huge', memoryBytes: 3e9 },
      },
    },
  },
}, 'test')
const models = {
  finder: { sha256: 'f', bytes: 5e6 },
  reader: { sha256: 'r', bytes: 8e6 },
  other: { sha256: 'o', bytes: 8e6 },
  huge: { sha256: 'h', bytes: 1e9 },
}
const served = servedVariants(pipeline, models)
const names = (limits: Parameters<typeof ableVariants>[1]) =>
  ableVariants(served, limits).map(({ variant }) => variant)

Deno.test('memoryOf() grows with file and input, and gives way to what the file tells', () => {
  const [large, small, best, , huge] = served.map(({ memoryBytes }) => memoryBytes)
  equal(large, 5e6 + 100 * 1e6)
  ok(small! < large!)
  equal(best, 8e6 + 100 * 48 * 480 * 8, 'eight small items run together')
  equal(huge, 3e9)
  equal(memoryOf({ accuracy: 1 }, 7), 7)
})

Deno.test('of a task that generates, memory has room for as many contexts as there are rows', () => {
  const memory = (variant: object) => {
    const tasks = {
      say: {
        ...{ kind: 'generate', context: 1000, rows: 4, next: [] },
        variants: { one: { accuracy: 1, model: 'm', ...variant } },
      },
    }
    const says = checkPipeline({
      ...{ schema: 'shoal-pipeline/1', name: 'g', sloMs: 1000, root: 'say', tasks },
    }, 'test')
    return servedVariants(says, { m: { sha256: 'm', bytes: 1e6 } })[0]!.memoryBytes
  }
  equal(memory({ kvBytes: 100 }), 1e6 + 3 * 4 * 1000 * 100)
  equal(memory({ memoryBytes: 7 }), 7)
  // The graph did not say.
  equal(memory({}), 1e6 + 3 * 4 * 1000 * 4000)
})

Deno.test('memoryOf() reckons with as many pictures as one run takes', () => {
  const memory = (side: number, kind: string) =>
    memoryOf({ accuracy: 1, input: input(side, side) }, 0, kind) / (100 * side * side)
  equal(memory(64, 'object-detection'), 8)
  equal(memory(416, 'image-classification'), 4)
  equal(memory(640, 'object-detection'), 2)
  equal(memory(1280, 'object-detection'), 1)
  // One after the other.
  equal(memory(640, 'text-detection'), 1)
})

Deno.test('servedVariants() reckons with the input that a task says for all its variants', () => {
  const { tasks, ...rest } = pipeline
  const shared = checkPipeline({
    ...rest,
    tasks: {
      ...tasks,
      read: {
        ...tasks['read'],
        input: input(48, 480),
        variants: {
          best: { accuracy: 0.99, model: 'reader' },
          less: { accuracy: 0.9, model: 'reader', input: { height: 24 } },
        },
      },
    },
  }, 'test')
  const memory = servedVariants(shared, models).slice(-2).map(({ memoryBytes }) => memoryBytes)
  deepEqual(memory, [48, 24].map((height) => 8e6 + 100 * height * 480 * 8))
})

Deno.test('leastModels() is one for each task: the smallest, of equals the best', () => {
  deepEqual([...leastModels(served).keys()], ['f', 'r'])
})

Deno.test('ableVariants() keeps what fits the memory', () => {
  deepEqual(names({}), ['large', 'small', 'best', 'equal', 'huge'])
  deepEqual(names({ slotMemoryBytes: 1e9 }), ['large', 'small', 'best', 'equal'])
  deepEqual(names({ slotMemoryBytes: 50e6 }), ['small', 'best', 'equal'])
  deepEqual(names({ slotMemoryBytes: 1e6 }), [])
})

Deno.test('ableVariants() downloads the least, and uses what is there', () => {
  deepEqual(names({ downloads: 'least' }), ['large', 'small', 'best'])
  deepEqual(names({ downloads: 'least', cached: ['h'] }), ['large', 'small', 'best', 'huge'])
})

Deno.test('servedVariants() has those without a model too, which none need download', () => {
  const without = servedVariants(pipeline, { finder: models.finder })
  equal(without.length, served.length)
  deepEqual([...leastModels(without).keys()], ['f'])
  equal(ableVariants(without, { downloads: 'least' }).length, served.length)
})
