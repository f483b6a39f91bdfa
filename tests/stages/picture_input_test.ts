/** Pictures become the tensor that the pipeline file describes. */
import { deepEqual, equal, throws } from 'node:assert/strict'
import { emptyInput, inputTensor, pictureInputOf } from '../../src/stages/picture_input.ts'
import type { Picture } from '../../src/stages/types.ts'

/** Two pixels beside each other: red 255, 0, 51; then 0, 102, 204. */
const picture: Picture = {
  ...{ width: 2, height: 1, channels: 3 },
  data: new Uint8Array([255, 0, 51, 0, 102, 204]),
}

function valuesOf(input: object, pictures = [picture]): number[] {
  const { tensor } = inputTensor(pictures, pictureInputOf({}, { input }))
  return [...tensor.data as Float32Array].map((value) => Math.round(Number(value) * 1000) / 1000)
}

Deno.test('inputTensor() orders planes and channels as asked', () => {
  const size = { width: 2, height: 1 }
  deepEqual(valuesOf(size), [1, 0, 0, 0.4, 0.2, 0.8])
  deepEqual(valuesOf({ ...size, layout: 'nhwc' }), [1, 0, 0.2, 0, 0.4, 0.8])
  deepEqual(valuesOf({ ...size, colour: 'bgr' }), [0.2, 0.8, 0, 0.4, 1, 0])
  deepEqual(valuesOf({ ...size, colour: 'bgr', layout: 'nhwc' }), [0.2, 0, 1, 0.8, 0.4, 0])
  deepEqual(valuesOf({ ...size, colour: 'grey' }), [0.322, 0.326])
})

Deno.test('inputTensor() takes off the mean and divides, by the channels of the tensor', () => {
  const size = { width: 2, height: 1 }
  deepEqual(valuesOf({ ...size, mean: 0.5, std: 0.5 }), [1, -1, -1, -0.2, -0.6, 0.6])
  const each = { mean: [0, 0.5, 1], std: [1, 0.5, 0.1] }
  deepEqual(valuesOf({ ...size, ...each }), [1, 0, -1, -0.2, -8, -2])
  deepEqual(valuesOf({ ...size, ...each, colour: 'bgr' }), [0.2, 0.8, -1, -0.2, 0, -10])
  deepEqual(valuesOf({ ...size, max: 255 }), [255, 0, 0, 102, 51, 204])
  deepEqual(valuesOf({ ...size, max: 255, type: 'uint8' }), [255, 0, 0, 102, 51, 204])
  deepEqual(valuesOf({ ...size, type: 'uint8' }), [255, 0, 0, 102, 51, 204])
})

Deno.test('inputTensor() stretches, leaves bars, or cuts off what is over', () => {
  const square = { width: 2, height: 2, colour: 'grey', max: 255 }
  deepEqual(valuesOf({ ...square, fit: 'stretch' }), [82.059, 83.13, 82.059, 83.13])
  // One row of picture in two, at the top; the bar is filled.
  deepEqual(valuesOf({ ...square, fit: 'contain', fill: 114 }), [82.059, 83.13, 114, 114])
  const wide = { width: 4, height: 1, channels: 3 as const }
  const row = { ...wide, data: new Uint8Array([9, 9, 9, 60, 60, 60, 60, 60, 60, 9, 9, 9]) }
  deepEqual(valuesOf({ ...square, height: 1, fit: 'cover' }, [row]), [60, 60])
})

Deno.test('inputTensor() puts pictures of all sizes into one tensor', () => {
  const other = {
    width: 1,
    height: 1,
    channels: 4 as const,
    data: new Uint8Array([51, 51, 51, 255]),
  }
  const input = pictureInputOf({ input: { colour: 'grey' } }, { input: { width: 2, height: 1 } })
  const { tensor } = inputTensor([picture, other], input)
  deepEqual(tensor.dims, [2, 1, 1, 2])
  deepEqual(tensor.dims, emptyInput(input, 2).dims)
  deepEqual([...tensor.data].slice(2).map((value) => Math.round(Number(value) * 100)), [20, 20])
})

Deno.test('pictureInputOf() says which field cannot be used', () => {
  const refused = (input: object, what: RegExp) => throws(() => pictureInputOf({}, { input }), what)
  refused({ width: 2 }, /input\.height/)
  refused({ width: 2, height: 2, colour: 'cmyk' }, /input\.colour/)
  refused({ width: 2, height: 2, mean: [1, 2] }, /input\.mean/)
  refused({ width: 2, height: 2, mean: '0' }, /input\.mean.*must be a number, or three of them/)
  refused({ width: 2, height: 2, std: 0 }, /input\.std.*must not be 0/)
  refused({ width: 2, height: 2, std: [1, 0, 1] }, /input\.std.*must not be 0/)
  refused({ width: 2, height: 2, stretched: 1 }, /stretched/)
  equal(
    pictureInputOf({ input: { colour: 'grey' } }, { input: { width: 2, height: 2 } }).colour,
    'grey',
  )
})

Deno.test('pictureInputOf() takes no bytes that would begin again from the other end', () => {
  const bytes = (input: object) =>
    pictureInputOf({}, { input: { width: 2, height: 1, type: 'uint8', ...input } })
  throws(() => bytes({ mean: 128 }), /make -128 to 127 of a channel, and uint8 holds 0 to 255/)
  throws(() => bytes({ mean: [0, 0, 1] }), /make -1 to 254/)
  throws(() => bytes({ max: 1000 }), /make 0 to 1000/)
  throws(() => bytes({ std: -1 }), /make 0 to -255/)
  equal(bytes({ std: 2, mean: -10 }).max, 255)
})
