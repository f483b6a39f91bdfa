import assert from 'node:assert/strict'
import fc from 'fast-check'
import { byUrgency, createQueue, type Urgent } from '../../../src/policy/state/queue.ts'

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

Deno.test('queue removes only the given entry', () => {
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

Deno.test('queue removes several adjacent entries at once, and otherwise none', () => {
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

Deno.test('queue takes no more room than its entries, however many pass through', () => {
  const queue = createQueue<Urgent>()
  const { array } = queue as unknown as { array: unknown[] }
  const entries = Array.from({ length: 20_000 }, (_, seq) => ({ deadlineMs: seq, seq, ordinal: 0 }))
  entries.forEach((entry, i) => {
    queue.insert(entry)
    if (i >= 10) assert.equal(queue.remove(entries[i - 10]!), true)
    assert.ok(array.length < 2500, `${array.length} places for ${queue.length}`)
  })
})

Deno.test('queue inserts a run as it would the single entries, unless others sort in between', () => {
  const many = fc.uniqueArray(urgent, {
    selector: (entry) => `${entry.deadlineMs} ${entry.seq} ${entry.ordinal}`,
    ...{ minLength: 40, maxLength: 60 },
  })
  const counts = fc.record({ count: fc.integer({ min: 1, max: 9 }), taken: fc.nat(40) })
  fc.assert(fc.property(many, fc.nat(20), counts, (entries, deadlineMs, { count, taken }) => {
    const seq = 21
    const run = Array.from({ length: count }, (_, ordinal) => ({ deadlineMs, seq, ordinal }))
    const filled = () => {
      const queue = createQueue<Urgent>()
      entries.forEach((entry) => queue.insert(entry))
      for (let i = 0; i < taken && queue.length > 0; i++) queue.remove(queue.at(0)!)
      return queue
    }
    const [together, apart] = [filled(), filled()]
    together.insertRun(run)
    run.forEach((entry) => apart.insert(entry))
    assert.deepEqual(drained(together), drained(apart))
    const between = filled()
    between.insert({ deadlineMs, seq, ordinal: 0.5 })
    if (count > 1) assert.throws(() => between.insertRun(run), RangeError)
    else between.insertRun(run)
  }))
})
