/** Whatever is wished, limits hold. */
import { deepEqual, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { type InUse, within } from '../../../src/node/limits/in_use.ts'
import { coordinatorMessage } from '../../../src/protocol/messages.ts'

const share = fc.double({ min: 0.01, max: 1, noNaN: true })
const whole = fc.integer({ min: 1, max: 256 })
const amounts = fc.record({ slots: whole, duty: share, threads: whole })
/** Numbers of every kind, and what is none. */
const anything = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(NaN, Infinity, -Infinity, 0, -0, -1, 1e308, undefined),
  fc.anything() as fc.Arbitrary<number>,
)
const wishes = fc.record({ slots: anything, duty: anything, threads: anything }, {
  requiredKeys: [],
})

Deno.test('no wish takes more than the limits, nor less than nothing', () => {
  fc.assert(fc.property(wishes, amounts, amounts, (wish, now, limit) => {
    const next: InUse = within(wish, now, limit)
    ok(next.slots >= 0 && next.slots <= limit.slots && Number.isInteger(next.slots))
    ok(next.threads >= 1 && next.threads <= limit.threads && Number.isInteger(next.threads))
    ok(next.duty > 0 && next.duty <= limit.duty)
  }))
})

Deno.test('a wish within the limits is granted, and what it leaves out stays', () => {
  const now = { slots: 3, duty: 0.5, threads: 1 }
  const limit = { slots: 4, duty: 0.8, threads: 2 }
  deepEqual(within({ slots: 2, duty: 0.25, threads: 2 }, now, limit), {
    ...{ slots: 2, duty: 0.25, threads: 2 },
  })
  deepEqual(within({}, now, limit), now)
  deepEqual(within({ slots: NaN, duty: NaN, threads: NaN }, now, limit), now)
})

Deno.test('the wire lets no wish through that is none', () => {
  const reads = (wish: object) => coordinatorMessage.safeParse({ type: 'scale', ...wish }).success
  for (
    const wish of [{}, { slots: 0 }, { slots: 1 }, { duty: 0.01 }, {
      slots: 256,
      duty: 1,
      threads: 2,
    }]
  ) {
    ok(reads(wish))
  }
  for (const slots of [-1, 1.5, NaN, Infinity, 257, '2', null]) ok(!reads({ slots }))
  for (const duty of [0, -1, 1.01, NaN, Infinity, '1', null]) ok(!reads({ duty }))
  for (const threads of [0, -1, 1.5, NaN, 257]) ok(!reads({ threads }))
})
