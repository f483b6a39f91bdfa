/** Half precision goes to GPUs that compute with it, eight-bit integers to processors. */
import { deepEqual, equal, match, throws } from 'node:assert/strict'
import { ableVariants, servedVariants } from '../../src/pipeline/hold.ts'
import { checkPipeline } from '../../src/pipeline/parse.ts'
import { countOn, taskOnNone, whyNotOn } from '../../src/pipeline/runs_on.ts'

const pipelineOf = (variants: Record<string, object>) =>
  checkPipeline({
    ...{ schema: 'shoal-pipeline/1', name: 'p', sloMs: 1000, root: 't' },
    tasks: { t: { variants } },
  }, 'test')

const PIPELINE = pipelineOf({
  plain: { accuracy: 0.9 },
  half: { accuracy: 0.9, precision: 'fp16' },
  small: { accuracy: 0.8, precision: 'int8' },
  native: { accuracy: 0.95, backends: ['native'] },
})

const gpu = (shaderF16: boolean) => ({ backend: 'webgpu', device: { shaderF16 } })

Deno.test('ableVariants() goes by what a node runs on', () => {
  const on = (device: Parameters<typeof ableVariants>[1]) => {
    const able = ableVariants(servedVariants(PIPELINE, {}), device).map(({ variant }) => variant)
    equal(countOn([PIPELINE], device), able.length)
    return able
  }
  deepEqual(on({}), ['plain', 'small'])
  // A GPU that is there but not used says nothing.
  deepEqual(on({ backend: 'wasm', device: { shaderF16: true } }), ['plain', 'small'])
  deepEqual(on({ backend: 'native' }), ['plain', 'small', 'native'])
  deepEqual(on(gpu(true)), ['plain', 'half'])
  deepEqual(on(gpu(false)), ['plain'])
})

Deno.test('ableVariants() finds the least download among what runs there', () => {
  const pipeline = pipelineOf({
    whole: { accuracy: 0.9, model: 'whole' },
    half: { accuracy: 0.9, model: 'half', precision: 'fp16' },
  })
  const file = (letter: string, bytes: number) => ({ sha256: letter.repeat(64), bytes })
  const served = servedVariants(pipeline, { whole: file('a', 2000), half: file('b', 1000) })
  const least = (device: object) =>
    ableVariants(served, { ...device, downloads: 'least' }).map(({ variant }) => variant)
  deepEqual(least({ backend: 'wasm' }), ['whole'])
  deepEqual(least(gpu(true)), ['half'])
})

Deno.test('whyNotOn() says what is missing', () => {
  match(whyNotOn({ precision: 'fp16' }, gpu(false))!, /no shader-f16/)
  match(whyNotOn({ precision: 'int8' }, gpu(true))!, /processors only/)
  match(whyNotOn({ backends: ['native', 'wasm'] }, gpu(true))!, /native or wasm only/)
  equal(whyNotOn({ precision: 'fp32' }, gpu(false)), undefined)
  for (const on of [{}, { code: false }]) {
    match(whyNotOn({ code: true }, on)!, /runs none: .*--code/)
  }
  equal(whyNotOn({ code: true }, { code: true }), undefined)
})

Deno.test('checkPipeline() refuses a precision or backend that there is none of', () => {
  throws(() => pipelineOf({ a: { accuracy: 1, precision: 'fp8' } }), /t\.variants\.a\.precision/)
  throws(() => pipelineOf({ a: { accuracy: 1, backends: [] } }), /t\.variants\.a\.backends/)
})

Deno.test('taskOnNone() names the task that none of the nodes does, and why', () => {
  const half = pipelineOf({ half: { accuracy: 1, precision: 'fp16' } })
  equal(taskOnNone([PIPELINE, half], [{}]), 'p/t: it is of half precision, which runs on GPUs only')
  match(taskOnNone([half], [{}, gpu(false)])!, /^p\/t: /)
  equal(taskOnNone([half], [{}, gpu(true)]), undefined)
  equal(taskOnNone([PIPELINE], [{}]), undefined)
  // Nobody is there who could not.
  equal(taskOnNone([half], []), undefined)
})
