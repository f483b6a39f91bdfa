/// <reference lib="deno.worker" />
/**
 * A runtime without an array of half floats, as browsers of 2023 are: a worker's entry that says what
 * is made of them there.
 *
 * @module
 */
import type { Step } from '../../src/stages/tensors/description.ts'
import type { Tensor } from '../../src/pipeline/tensor.ts'

Reflect.deleteProperty(globalThis, 'Float16Array')
const { applyStep } = await import('../../src/stages/tensors/steps.ts')
const { filledData } = await import('../../src/pipeline/tensor.ts')

/** -2, 1, 0.5 */
const halves: Tensor = { type: 'float16', dims: [3], data: Uint16Array.of(0xc000, 0x3c00, 0x3800) }
const dataOf = (step: Step) => Array.from(applyStep(step, halves).data, Number)

self.postMessage({
  largest: dataOf({ argmax: 0 }),
  padded: dataOf({ pad: { axis: 0, to: 4, value: -2, at: 'start' } }),
  constant: Array.from(filledData('float16', 2, 0.5), Number),
})
