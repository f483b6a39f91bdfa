/** Pools of different nodes that hang now and then: working nodes take the waiting items. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { withQuickest } from '../../../src/cli/pipelines/fewer_variants.ts'
import { loadPipelines } from '../../../src/cli/pipelines/load.ts'
import { ROOT } from '../../../src/cli/root.ts'
import { createScheduler } from '../../../src/policy/scheduler.ts'
import { createRandom, exponential } from '../../../src/sim/random.ts'
import { createSimulation } from '../../../src/sim/simulation.ts'
import { few } from '../../exhaustive.ts'

const SEEDS = few(4, 80)
const UNTIL_MS = 12_000
const STEP_MS = 2
/** ms that a hanging node may go unnoticed, and get nothing. */
const HELD_MS = 1000

const [shelf] = await loadPipelines([join(ROOT, 'profiles', 'shelf')], () => {})

/** Longest time in which an item waited, no node worked, and one could have. */
function standstillMs(seed: number): number {
  const random = createRandom(seed)
  const { pipeline } = withQuickest(shelf!, 1 + Math.floor(random() * 3))
  const all = Object.entries(pipeline.tasks).flatMap(([task, { variants }]) =>
    Object.keys(variants).map((variant) => ({ pipeline: pipeline.name, task, variant }))
  )
  const inner = createScheduler({ pipelines: [pipeline], hedge: true })
  /** Node by batch. */
  const running = new Map<number, string>()
  const simulation = createSimulation({
    ...{ pipelines: [pipeline], seed },
    scheduler: {
      ...inner,
      handle(event, nowMs) {
        if (event.type === 'batch_finished') running.delete(event.batch)
        const commands = inner.handle(event, nowMs)
        for (const command of commands) {
          if (command.type === 'dispatch') running.set(command.batch, command.node)
          if (command.type === 'cancel_batch') running.delete(command.batch)
        }
        return commands
      },
    },
  })
  const { time } = simulation
  const hangs = new Map<string, { fromMs: number; toMs: number }[]>()
  /** Tasks by node. */
  const tasks = new Map<string, string[]>()
  const hanging = (id: string, heldMs = 0) =>
    hangs.get(id)!.find(({ fromMs, toMs }) => time.nowMs >= fromMs && time.nowMs < toMs + heldMs)
  let power = 0
  for (let i = 2 + Math.floor(random() * 5); i > 0; i--) {
    const id = `n${i}`
    // In every other pool some nodes can run only a part.
    const able = all.filter(() => i < 3 || seed % 2 === 0 || random() < 0.6)
    tasks.set(id, able.map(({ task }) => task))
    const slowness = 6 ** random()
    const gain = 0.3 + 0.7 * random()
    power += 1 / slowness
    hangs.set(id, [])
    let fromMs = 2000 + 3000 * random()
    for (; fromMs < UNTIL_MS; fromMs += 3000 + 8000 * random()) {
      hangs.get(id)!.push({ fromMs, toMs: fromMs + 300 + 2700 * random() })
    }
    simulation.join({
      ...{ id, able, networkMs: 1 + 3 * random(), loadMs: 20, backend: 'wasm' },
      latencyMs({ task, variant }, batch) {
        const { referenceMs } = pipeline.tasks[task]!.variants[variant]!
        const ms = slowness * referenceMs! * (1 + gain * (batch - 1))
        return ms + Math.max(0, (hanging(id)?.toMs ?? 0) - time.nowMs)
      },
    })
  }
  simulation.run(600)
  const perMs = (0.003 + 0.025 * random()) * power
  let asked = 0
  let nextMs = time.nowMs
  let sinceMs = Infinity
  let longestMs = 0
  while (time.nowMs < UNTIL_MS) {
    for (; nextMs <= time.nowMs; nextMs += exponential(random, 1 / perMs)) {
      const timeoutMs = random() < 0.8 ? pipeline.sloMs : 60_000
      simulation.ask(`q${asked++}`, pipeline.name, timeoutMs)
    }
    simulation.run(time.nowMs + STEP_MS)
    const queued = Object.entries(inner.stats().pipelines[pipeline.name]!.queued)
    const busy = [...running.values()]
    const idle = [...hangs.keys()].filter((id) =>
      hanging(id, HELD_MS) === undefined && !busy.includes(id)
    )
    const stands = busy.every((id) => hanging(id) !== undefined) &&
      queued.some(([task, count]) => count > 0 && idle.some((id) => tasks.get(id)!.includes(task)))
    sinceMs = stands ? Math.min(sinceMs, time.nowMs) : Infinity
    if (stands) longestMs = Math.max(longestMs, time.nowMs - sinceMs)
  }
  assert.deepEqual(simulation.violations, [])
  return longestMs
}

Deno.test('Waiting items are taken by working nodes while others hang', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    // Until a hanging node is overdue, a tenth of a query's time until planned nodes are called, and 5 ms
    // until the items left for it are offered again.
    const longestMs = standstillMs(seed)
    // One pool of eighty stands idle for 172 ms, the next one for 164: docs/EVALUATION.md.
    assert.ok(longestMs <= 175, `seed ${seed}: ${longestMs} ms`)
  }
})
