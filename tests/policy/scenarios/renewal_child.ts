/** Replaces a pipeline many times, and prints how many of its versions are still in memory. */
import { asVersion } from '../../../src/pipeline/version.ts'
import { createScheduler } from '../../../src/policy/scheduler.ts'
import type { PolicyCommand, PolicyEvent } from '../../../src/policy/core/types.ts'
import { createRandom } from '../../../src/sim/random.ts'
import { finished } from '../by_hand.ts'
import { ocr, refsOf } from '../fixtures.ts'

const VERSIONS = 40
const questions = ['a', 'b']
const scheduler = createScheduler({
  pipelines: [ocr],
  hedge: true,
  trust: { random: createRandom(1), agree: () => true, question: () => questions.shift() },
})
let nowMs = 0

/** One event, and an answer to each batch that follows. */
function post(event: PolicyEvent): void {
  const commands: PolicyCommand[] = scheduler.handle(event, nowMs)
  for (let next = commands.shift(); next !== undefined; next = commands.shift()) {
    if (next.type !== 'dispatch') continue
    const failed = { type: 'batch_failed', batch: next.batch, message: 'no' } as const
    const children = next.task === 'detect' ? ['one', 'two'] : []
    const done = finished(next.batch, next.items.length, children)
    const ended = next.batch % 5 === 0 ? failed : done
    commands.push(...scheduler.handle(ended, nowMs += 10))
  }
}

function join(node: string, able: ReturnType<typeof refsOf>): void {
  post({ type: 'node_able', node, able })
  for (const ref of able) post({ type: 'instance_ready', node, slot: 0, ...ref })
}

for (const node of ['a', 'b']) {
  post({ type: 'node_joined', node, slots: 1, duty: 1, able: refsOf(ocr), own: node === 'a' })
  join(node, refsOf(ocr))
}
const versions: WeakRef<object>[] = []
let old = ocr
for (let version = 2; version <= VERSIONS; version++) {
  const next = asVersion(structuredClone(ocr), version)
  versions.push(new WeakRef(next))
  post({ type: 'pipeline_added', pipeline: next, replaces: old.name })
  for (const node of ['a', 'b']) join(node, [...refsOf(old), ...refsOf(next)])
  post({ type: 'pipeline_followed', from: old.name, to: next.name })
  for (const query of ['x', 'y', 'z']) {
    post({
      ...{ type: 'query_arrived', query: `${query}${version}`, pipeline: next.name },
      ...{ deadlineMs: nowMs + 5000, payload: query },
    })
  }
  // All batches under way end.
  for (let i = 0; i < 20; i++) {
    nowMs += 1000
    post({ type: 'wake' })
  }
  post({ type: 'pipeline_removed', pipeline: old.name, into: next.name })
  for (const node of ['a', 'b']) join(node, refsOf(next))
  scheduler.memory()
  old = next
}
for (let i = 0; i < 3; i++) {
  await new Promise((done) => setTimeout(done, 0))
  const { gc } = globalThis as unknown as { gc(): void }
  gc()
}
const { arrived, onTime } = scheduler.stats().pipelines[old.name]!
const alive = versions.filter((version) => version.deref() !== undefined).length
console.log(JSON.stringify({ arrived, onTime, alive, of: versions.length }))
