/** A pool in virtual time whose nodes give the results a test wants, with the true answers known. */
import { comparing, pipeline, truthOf } from '../../../src/bench/trust/trust_lies.ts'
import { createScheduler } from '../../../src/policy/scheduler.ts'
import type { Memory } from '../../../src/policy/core/memory.ts'
import type { NodeTrust, PolicyCommand, PolicyEvent } from '../../../src/policy/core/types.ts'
import { createRandom } from '../../../src/sim/random.ts'
import type { NodeSpec } from '../../../src/sim/node.ts'
import { createSimulation } from '../../../src/sim/simulation.ts'

export const refs = Object.entries(pipeline.tasks).flatMap(([task, { variants }]) =>
  Object.keys(variants).map((variant) => ({ pipeline: pipeline.name, task, variant }))
)

/** A wrong result, never the same twice. */
export function liar(): NonNullable<NodeSpec['says']> {
  let serial = 0
  return (truth, _, { task }) => {
    if (!truth.ok) return truth
    serial++
    return task === 'read'
      ? { ok: true, result: { text: `lie ${serial}`, confidence: 0.5 }, children: {} }
      : { ...truth, result: { ...truth.result as object, lines: 0 }, children: { read: [] } }
  }
}

type Asked = Partial<Extract<PolicyEvent, { type: 'query_arrived' }>>

export function createScene(
  options: {
    trust?: boolean
    audited?: boolean
    /** Whether nodes get questions besides client inputs; by default true. */
    questions?: boolean
    hedge?: boolean
    memory?: Memory
    seed?: number
  } = {},
) {
  const { trust = true, audited = false, questions = true, hedge = false, memory, seed = 3 } =
    options
  let questioned = 0
  const question = () => questions ? `sample-${++questioned}` : undefined
  const scheduler = createScheduler({
    pipelines: [pipeline],
    hedge,
    ...memory === undefined ? {} : { memory },
    ...trust ? { trust: { random: createRandom(seed), audited, ...comparing, question } } : {},
  })
  const simulation = createSimulation({ scheduler, pipelines: [pipeline], seed, outcome: truthOf })
  let asked = 0
  return {
    ...simulation,
    scheduler,
    node(id: string, given: Partial<NodeSpec> & { slowness?: number } = {}) {
      const { slowness = 1, ...spec } = given
      simulation.join({
        ...{ id, able: refs, networkMs: 4, loadMs: 10, backend: 'wasm' },
        latencyMs: ({ task, variant }, batch) =>
          pipeline.tasks[task]!.variants[variant]!.referenceMs! * slowness * batch,
        ...spec,
      })
    },
    /** `count` queries, one every `gapMs`. */
    ask(count: number, gapMs = 300, timeoutMs = pipeline.sloMs, name = 'q', more: Asked = {}) {
      for (let i = 0; i < count; i++) {
        const query = `${name}${asked++}`
        const deadlineMs = simulation.time.nowMs + timeoutMs
        const of = { query, pipeline: pipeline.name, payload: query }
        simulation.post({ type: 'query_arrived', ...of, deadlineMs, ...more })
        simulation.run(simulation.time.nowMs + gapMs)
      }
    },
    wait: (ms: number) => simulation.run(simulation.time.nowMs + ms),
    trustOf: (id: string): NodeTrust | undefined => scheduler.stats().nodes[id]?.trust,
    /** Standings of nodes, in the order of the changes. */
    judged: (): [string, string][] =>
      simulation.commands.flatMap(({ command }) =>
        command.type === 'judged' ? [[command.node, command.standing] as [string, string]] : []
      ),
    dispatched: () =>
      simulation.commands.flatMap(({ command }) =>
        command.type === 'dispatch' ? [command as Extract<PolicyCommand, { type: 'dispatch' }>] : []
      ),
    /** Answers with a wrong line, or too few lines. */
    wrong(): string[] {
      const wrong: string[] = []
      for (const [query, [first]] of simulation.answers) {
        if (!first!.answer.ok) continue
        const { items } = first!.answer
        const lines = items.filter(({ task }) => task === 'read')
        const right = lines.length === 4 && lines.every(({ payload, result }) => {
          const truth = truthOf(payload, { pipeline: 'pages', task: 'read', variant: '' })
          return truth.ok && JSON.stringify(truth.result) === JSON.stringify(result)
        })
        if (!right) wrong.push(query)
      }
      return wrong
    },
  }
}
