/** Figures of benchmarks, worked out of what was told. */
import { equal, ok } from 'node:assert/strict'
import { residentMb, residentMbIn } from '../../src/bench/memory_of.ts'
import { recoveryMs } from '../../src/bench/overload/overload.ts'
import { carriedPerS } from '../../src/bench/soak/soak.ts'

Deno.test('residentMbIn() gives megabytes of a million bytes, of kB that are 1,024', () => {
  equal(residentMbIn('Name:\tdeno\nVmPeak:\t 2000000 kB\nVmRSS:\t 1000000 kB\n'), 1024)
  ok(Number.isNaN(residentMbIn('Name:\tgone\n')))
  if (Deno.build.os === 'linux') ok(residentMb(Deno.pid) > 10)
})

Deno.test('carriedPerS() leaves out what was answered after the time that it counts by', () => {
  // Four clients at once, a second each: eight seconds, and four answers that come later.
  const asked = Array.from({ length: 8 }, (_, second) =>
    Array.from({ length: 4 }, () => ({
      atMs: second * 1000 + 500 * Number(second === 7),
      ...{ latencyMs: 1000, status: 200, retryAfter: false },
    }))).flat()
  equal(carriedPerS(asked, 8000), 28 / 8)
})

Deno.test('recoveryMs() is told only where all that was asked after it was served in time', () => {
  const asked = (...statuses: number[]) =>
    statuses.map((status, i) => ({ atMs: 100 * i, latencyMs: 900, status, retryAfter: false }))
  equal(recoveryMs(asked(200, 200, 200)), 0)
  equal(recoveryMs(asked(503, 200, 503, 200)), 200)
  equal(recoveryMs(asked(200, 503)), null)
  equal(recoveryMs([...asked(200), { ...asked(200)[0]!, atMs: 100, latencyMs: 5001 }]), null)
  equal(recoveryMs([]), null)
})
