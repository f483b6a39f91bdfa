/** Lines that tell how far documents are. */
import assert from 'node:assert/strict'
import { Progress, standingOf } from '../../src/cli/documents/progress.ts'
import { documentOf, jobOf } from '../browser/told_jobs.ts'

Deno.test('a terminal has a bar in its place, anything else a line now and then', () => {
  for (const isTerminal of [true, false]) {
    let [said, nowMs] = ['', 0]
    const progress = new Progress({
      ...{ isTerminal, write: (text) => said += text, nowMs: () => nowMs },
    })
    progress.show('1 of 4 pages', 0.25)
    progress.show('2 of 4 pages', 0.5)
    progress.say('a.pdf: could not be read')
    nowMs += 10_000
    progress.show('3 of 4 pages', 0.75)
    progress.end()
    const [bar, line] = ['[######------------------]', 'a.pdf: could not be read']
    assert.equal(
      said.replaceAll('\r\x1b[K', '|'),
      isTerminal
        ? `|${bar} 1 of 4 pages|${line}\n${bar} 1 of 4 pages` +
          '|[##################------] 3 of 4 pages|'
        : `1 of 4 pages\n${line}\n3 of 4 pages\n`,
    )
  }
})

Deno.test('jobs are told of together: pages, rate, when the last is ready', () => {
  const now = new Date('2026-12-02T06:00:00')
  const job = jobOf('a', [documentOf('a.pdf')], {
    ...{ state: 'running', pages: { done: 30, total: 100, failed: 1 }, pagesPerMinute: 0.5 },
    estimateAt: new Date('2026-12-02T08:05:00').toISOString(),
  })
  const later = { ...job, estimateAt: new Date('2026-12-03T07:00:00').toISOString() }
  assert.deepEqual(standingOf([job, later], now), {
    text: '62 of 200 pages, 30 pages an hour, ready about 7:00 tomorrow',
    ratio: 0.31,
  })
  const uncounted = { ...job, pages: { done: 1, total: null, failed: 0 }, estimateAt: null }
  const { text, ratio } = standingOf([{ ...uncounted, waiting: 'no device is here' }], now)
  assert.equal(text, '1 page, still counting, 30 pages an hour, no device is here')
  assert.equal(ratio, undefined)
})
