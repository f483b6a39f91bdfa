/** Half floats, which older browsers know by their bits alone. */
import { deepEqual, equal } from 'node:assert/strict'
import { halfBits, halfOrder } from '../../src/pipeline/half.ts'

Deno.test('halfBits() rounds as arrays of half floats do', () => {
  const wanted = (value: number) => new Uint16Array(Float16Array.of(value).buffer)[0]!
  const valueOf = (bits: number) => new Float16Array(Uint16Array.of(bits).buffer)[0]!
  for (let bits = 0; bits < 0x7c00; bits++) {
    const [value, next] = [valueOf(bits), valueOf(bits + 1)]
    const halfway = bits === 0x7bff ? 65_520 : (value + next) / 2
    for (const some of [value, halfway, halfway * (1 - 1e-9), -halfway * (1 + 1e-9)]) {
      equal(halfBits(some), wanted(some), String(some))
    }
    equal(halfOrder(bits) < halfOrder(bits + 1), value < next)
    equal(halfOrder(bits | 0x8000) > halfOrder((bits + 1) | 0x8000), value < next)
  }
  for (const some of [0, -0, 1e300, -1e300, 5e-324]) equal(halfBits(some), wanted(some))
})

Deno.test('steps reckon with half floats where the runtime has no array of them', async () => {
  const url = new URL('./old_runtime.ts', import.meta.url)
  const worker = new Worker(url, { type: 'module' })
  try {
    const said = await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data)
      worker.onerror = (event) => {
        event.preventDefault()
        reject(new Error(event.message))
      }
    })
    deepEqual(said, {
      largest: [1],
      padded: [0xc000, 0xc000, 0x3c00, 0x3800],
      constant: [0x3800, 0x3800],
    })
  } finally {
    worker.terminate()
  }
})
