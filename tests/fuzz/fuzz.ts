/**
 * What the fuzz tests share: how much, from which seed, and what an answer of the API must be.
 *
 * `SHOAL_FUZZ_RUNS=100000` sets the number of inputs of all doors together, `SHOAL_FUZZ_SEED` another
 * seed than that of every day.
 */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { REASONS, STATUS } from '../../src/coordinator/core/api_error.ts'
import type { ErrorReason } from '../../src/client/types.ts'

const TOTAL = Number(Deno.env.get('SHOAL_FUZZ_RUNS') ?? 3000)
const seed = Number(Deno.env.get('SHOAL_FUZZ_SEED') ?? 20_241)

/** @param share of all inputs */
export const runs = (share: number): fc.Parameters<unknown> => ({
  numRuns: Math.max(10, Math.round(share * TOTAL)),
  seed,
})

/** An input that takes longer is a hang; no good one takes a hundredth of it. */
export const HANG_MS = 30_000

/** Bytes as they are, cut, changed, doubled or padded. */
export const damaged = (good: readonly Uint8Array[]): fc.Arbitrary<Uint8Array<ArrayBuffer>> =>
  fc.record({
    base: fc.constantFrom(...good),
    edits: fc.array(
      fc.record({
        at: fc.nat(),
        bytes: fc.oneof(
          fc.uint8Array({ minLength: 1, maxLength: 8 }),
          fc.constantFrom(
            Uint8Array.of(0xff, 0xff, 0xff, 0xff),
            Uint8Array.of(0, 0, 0, 0),
            Uint8Array.of(0x7f, 0xff, 0xff, 0xff),
          ),
        ),
      }),
      { maxLength: 6 },
    ),
    cut: fc.option(fc.nat(), { freq: 4 }),
    tail: fc.option(fc.uint8Array({ maxLength: 40 }), { freq: 5 }),
  }).map(({ base, edits, cut, tail }) => {
    const bytes = base.slice()
    for (const edit of edits) {
      // The head is where a file says what it is.
      const at = edit.at % 3 === 0 ? edit.at % Math.min(64, bytes.length) : edit.at % bytes.length
      bytes.set(edit.bytes.subarray(0, bytes.length - at), at)
    }
    const left = cut === null ? bytes : bytes.subarray(0, cut % (bytes.length + 1))
    return Uint8Array.from([...left, ...tail ?? []])
  })

/** JSON of any kind, deep and wide, with numbers and texts at the edges. */
export const anyJson: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.constantFrom<unknown>(
    1e308,
    -1,
    0.5,
    2 ** 53,
    '',
    '\u0000',
    '__proto__',
    'x'.repeat(5000),
    [],
  ),
  fc.integer({ min: 1, max: 3000 }).map((depth) =>
    JSON.parse('['.repeat(depth) + ']'.repeat(depth))
  ),
)

type Json = { [key: string]: unknown }
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null

/** A good value with up to three of its parts replaced or dropped. */
export const altered = (good: unknown): fc.Arbitrary<unknown> =>
  fc.array(
    fc.record({ path: fc.array(fc.nat(), { maxLength: 8 }), by: anyJson, drop: fc.boolean() }),
    {
      maxLength: 3,
    },
  ).map((changes) => {
    const root = { value: structuredClone(good) } as Json
    for (const { path, by, drop } of changes) {
      let at = root
      let key = 'value'
      for (const step of path) {
        const next = at[key]
        if (!isObject(next) || Object.keys(next).length === 0) break
        at = next
        const keys = Object.keys(next)
        key = keys[step % keys.length]!
      }
      if (drop && at !== root) delete at[key]
      else at[key] = by
    }
    return root.value
  })

/**
 * Holds an answer against the contract: a success of this shape, or an error with its own status.
 *
 * @returns the status
 */
export async function checkAnswer(
  response: Response,
  success: { parse(json: unknown): unknown },
): Promise<number> {
  const { status, headers } = response
  const bytes = await response.bytes()
  const length = headers.get('inference-header-content-length')
  const head = length === null ? bytes : bytes.subarray(0, Number(length))
  const json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(head))
  assert.equal(headers.get('x-content-type-options'), 'nosniff')
  const retryAfter = headers.get('retry-after')
  if (status === 200) {
    success.parse(json)
    assert.equal(retryAfter, null)
    return status
  }
  assert.deepEqual(Object.keys(json).sort(), ['error', 'reason'])
  assert.ok(REASONS.includes(json.reason), json.reason)
  assert.equal(STATUS[json.reason as ErrorReason], status)
  assert.match(json.error, /^Cannot /)
  assert.notEqual(status, 500, json.error)
  if (retryAfter !== null) {
    assert.match(retryAfter, /^[1-9]\d*$/)
    assert.ok(status === 503 || status === 429)
  }
  return status
}
