import assert from 'node:assert/strict'
import fc from 'fast-check'
import { byUrgency, createQueue, type Urgent } from '../../src/policy/queue.ts'

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
    entries.forEach(queue.insert)
    assert.deepEqual(drained(queue), [...entries].sort(byUrgency))
  }))
})

Deno.test('queue removes just the entry asked for', () => {
  fc.assert(fc.property(distinct, fc.nat(), (entries, pick) => {
    fc.pre(entries.length > 0)
    const queue = createQueue<Urgent>()
    entries.forEach(queue.insert)
    const gone = entries[pick % entries.length]!
    assert.equal(queue.remove(gone), true)
    assert.equal(queue.remove(gone), false)
    assert.equal(queue.remove({ ...gone }), false)
    assert.deepEqual(drained(queue), entries.filter((e) => e !== gone).sort(byUrgency))
  }))
})
