import assert from 'node:assert/strict'
import fc from 'fast-check'
import { byUrgency, createQueue, type Urgent } from '../../../src/policy/queue/queue.ts'

const urgent = fc.record({
  deadlineMs: fc.integer({ min: 0, max: 20 }),
  seq: fc.integer({ min: 0, max: 20 }),
  ordinal: fc.integer({ min: 0, max: 20 }),
})
const distinct = fc.uniqueArray(urgent, {
  selector: (entry) => `${entry.deadlineMs} ${entry.seq} ${entry.ordinal}`,
  maxLength: 60,
})

function drained(queue: ReturnType<typeof createQueue<Urgent>>): Urgent[] {
  return Array.from({ length: queue.length }, (_, i) => queue.at(i)!)
}

Deno.test('queue keeps deadline order whatever the order of insertion', () => {
  fc.assert(fc.property(distinct, (entries) => {
    const queue = createQueue<Urgent>()
    entries.forEach((entry) => queue.insert(entry))
    assert.deepEqual(drained(queue), [...entries].sort(byUrgency))
  }))
})

Deno.test('queue removes just the entry asked for', () => {
  fc.assert(fc.property(distinct, fc.nat(), (entries, pick) => {
    fc.pre(entries.length > 0)
    const queue = createQueue<Urgent>()
    entries.forEach((entry) => queue.insert(entry))
    const gone = entries[pick % entries.length]!
    assert.equal(queue.remove(gone), true)
    assert.equal(queue.remove(gone), false)
    assert.equal(queue.remove({ ...gone }), false)
    assert.deepEqual(drained(queue), entries.filter((e) => e !== gone).sort(byUrgency))
  }))
})

Deno.test('queue removes several at once where they stand together, and else none', () => {
  const run = fc.tuple(distinct, fc.nat(), fc.nat(5), fc.boolean())
  fc.assert(fc.property(run, ([entries, pick, count, apart]) => {
    const queue = createQueue<Urgent>()
    entries.forEach((entry) => queue.insert(entry))
    const sorted = [...entries].sort(byUrgency)
    const from = pick % (sorted.length + 1)
    const taken = sorted.slice(from, from + count)
    if (apart && taken.length > 2) {
      taken.splice(1, 1)
      assert.equal(queue.removeRun(taken), false)
      assert.deepEqual(drained(queue), sorted)
      return
    }
    assert.equal(queue.removeRun(taken), true)
    assert.deepEqual(drained(queue), sorted.filter((entry) => !taken.includes(entry)))
    if (taken.length > 0) assert.equal(queue.removeRun(taken), false)
  }))
})
