import assert from 'node:assert/strict'
import { asked, byHand, finished, wakeUntil } from './by_hand.ts'
import { commandsOf, createPool, nodeOf, ocr, refsOf } from './fixtures.ts'

Deno.test('a query in flight at its deadline is answered deadline_exceeded, then', () => {
  const scheduler = byHand()
  const commands = scheduler.handle(asked('q', 300), 10)
  const wake = commands.findLast(({ type }) => type === 'wake_at')
  assert.ok(wake?.type === 'wake_at' && wake.atMs <= 300)
  const answers = wakeUntil(scheduler, wake.atMs, 1000).filter(({ type }) => type === 'answer')
  assert.equal(answers.length, 1)
  assert.equal(answers[0]!.atMs, 300)
})

Deno.test('a result that comes at the deadline counts, one after it does not', () => {
  for (const [atMs, ok] of [[300, true], [300.5, false]] as const) {
    const scheduler = byHand()
    const [detect] = commandsOf(scheduler, asked('q', 300), 10, 'dispatch')
    const [answer] = commandsOf(scheduler, finished(detect!.batch), atMs, 'answer')
    assert.equal(answer!.answer.ok, ok)
  }
})

Deno.test('who runs out of time is told so, and that nodes failed it only where none is left for the rest', () => {
  const reasonOf = (pool: ReturnType<typeof createPool>, query: string) => {
    const { answer } = pool.answers.get(query)![0]!
    return answer.ok ? 'ok' : answer.reason
  }
  const hangs = { faults: { hangRatio: 1 } }
  const busy = createPool([ocr], { childCount: () => 1 })
  busy.join(nodeOf('a', [ocr], hangs))
  busy.run(500)
  const queries = ['runs', 'behind', 'waits']
  for (const query of queries) busy.ask(query, 'ocr', 2000)
  busy.run(3000)
  assert.deepEqual(
    queries.map((query) => reasonOf(busy, query)),
    Array(3).fill('deadline_exceeded'),
  )
  // Of what is done already nobody has to be left.
  const only = (task: string) => refsOf(ocr).filter((ref) => ref.task === task)
  const parted = createPool([ocr], { childCount: () => 1 })
  parted.join(nodeOf('detects', [ocr], { able: only('detect') }))
  parted.join(nodeOf('reads', [ocr], { able: only('read'), ...hangs }))
  parted.run(500)
  parted.ask('q', 'ocr', 2000)
  parted.run(1000)
  parted.leave('detects')
  parted.run(3000)
  assert.equal(reasonOf(parted, 'q'), 'deadline_exceeded')
})
