/**
 * A simulated pool around a scheduler: virtual time, nodes, arrivals. Watches what the scheduler
 * must never do, and keeps all that it did.
 *
 * @module
 */
import { MOST_BATCHES } from '../policy/state/credit.ts'
import type { Pipeline } from '../pipeline/schema.ts'
import { fanOutOf, taskOf, variantOf } from '../pipeline/tree.ts'
import type {
  Answer,
  Handle,
  ItemOutcome,
  PolicyCommand,
  PolicyEvent,
  Scheduler,
  VariantRef,
} from '../policy/core/types.ts'
import type { Prefer } from '../policy/core/elastic.ts'
import { createVirtualTime, type VirtualTime } from './events.ts'
import { createNode, type NodeSpec, type SimulatedNode } from './node.ts'
import { createRandom, poisson, type Random, seedFor } from './random.ts'

export interface SimulationOptions {
  scheduler: Scheduler
  pipelines: Pipeline[]
  seed?: number
  /** What is true of an item, in place of names made of the query's. */
  outcome?: (payload: Handle, ref: VariantRef) => ItemOutcome
  /** Items that one item hands to a child task; by default Poisson with the variant's mean. */
  childCount?: (query: string, child: string, mean: number) => number
  /** Whether to keep all commands (default) or only count and check them. */
  keepCommands?: boolean
}

export interface Simulation {
  time: VirtualTime
  random: Random
  commands: { atMs: number; command: PolicyCommand }[]
  /** Answers by query; one each, if all is well. */
  answers: Map<string, { atMs: number; answer: Answer }[]>
  /** What the scheduler did that it must never do. */
  violations: string[]
  post(event: PolicyEvent): void
  ask(
    query: string,
    pipeline: string,
    timeoutMs: number,
    minAccuracy?: number,
    prefer?: Prefer,
    share?: number,
  ): void
  join(spec: NodeSpec): void
  leave(node: string): void
  pause(node: string, paused: boolean): void
  run(untilMs: number): void
}

export function createSimulation(options: SimulationOptions): Simulation {
  const { scheduler, seed = 1, keepCommands = true } = options
  const pipelines = new Map(options.pipelines.map((pipeline) => [pipeline.name, pipeline]))
  const time = createVirtualTime()
  const random = createRandom(seed)
  const nodes = new Map<string, SimulatedNode>()
  const paused = new Set<string>()
  /** Batches under way by slot, as the scheduler may know them. */
  const underWay = new Map<number, string>()
  const commands: Simulation['commands'] = []
  const answers: Simulation['answers'] = new Map()
  const violations: string[] = []
  let timer = 0

  const childCount = options.childCount ??
    ((query, child, mean) => poisson(createRandom(seedFor(seed, `${query} ${child}`))(), mean))

  function outcome(query: string, ref: VariantRef, payload: Handle): ItemOutcome {
    if (options.outcome !== undefined) return options.outcome(payload, ref)
    const pipeline = pipelines.get(ref.pipeline)!
    const variant = variantOf(pipeline, ref.task, ref.variant)
    const children: { [task: string]: unknown[] } = {}
    for (const child of taskOf(pipeline, ref.task).next) {
      const count = childCount(query, child, fanOutOf(variant, child))
      children[child] = Array.from({ length: count }, (_, i) => `${query}/${child}/${i}`)
    }
    return { ok: true, result: `${query}/${ref.task}`, children }
  }

  function post(event: PolicyEvent): void {
    if (event.type === 'batch_finished' || event.type === 'batch_failed') {
      underWay.delete(event.batch)
    }
    for (const command of scheduler.handle(event, time.nowMs)) execute(command)
  }

  function execute(command: PolicyCommand): void {
    if (keepCommands) commands.push({ atMs: time.nowMs, command })
    switch (command.type) {
      case 'load':
        return nodes.get(command.node)?.load(command.slot, command)
      case 'unload':
        return nodes.get(command.node)?.unload(command.slot, command)
      case 'dispatch':
        check(command)
        return nodes.get(command.node)?.dispatch(command)
      case 'scale': {
        const { node, slots, duty, threads } = command
        return nodes.get(node)?.scale({ slots, duty, threads })
      }
      case 'cancel_batch':
        underWay.delete(command.batch)
        return nodes.get(command.node)?.cancel(command.batch)
      case 'answer':
        answers.set(command.query, [
          ...answers.get(command.query) ?? [],
          { atMs: time.nowMs, answer: command.answer },
        ])
        return
      case 'wake_at': {
        const mine = ++timer
        return time.at(command.atMs, () => {
          if (mine === timer) post({ type: 'wake' })
        })
      }
      default:
        return
    }
  }

  function check(command: Extract<PolicyCommand, { type: 'dispatch' }>): void {
    const { node: id, slot, batch, task, variant, items } = command
    const fault = (what: string) =>
      violations.push(`${time.nowMs} ms: batch ${batch} (${task} ${variant}) on ${id}: ${what}`)
    const node = nodes.get(id)
    if (node === undefined) {
      fault('node is not there')
      return
    }
    if (paused.has(id)) fault('node is paused')
    if (slot >= (node.spec.slots ?? 1)) fault(`has no slot ${slot}`)
    else if (slot >= node.inUse.slots) fault(`slot ${slot} is not in use`)
    if (!node.holds(slot, command)) fault('variant is not held')
    const place = `${id} ${slot}`
    if ([...underWay.values()].filter((other) => other === place).length >= MOST_BATCHES) {
      fault('slot is full')
    }
    if (items.length === 0) fault('is empty')
    for (const { query } of items) if (answers.has(query)) fault(`${query} is answered already`)
    underWay.set(batch, place)
  }

  function leave(id: string): void {
    nodes.get(id)?.stop()
    nodes.delete(id)
    paused.delete(id)
    for (const [batch, place] of underWay) if (place.startsWith(`${id} `)) underWay.delete(batch)
    post({ type: 'node_left', node: id })
  }

  return {
    time,
    random,
    commands,
    answers,
    violations,
    post,
    ask(query, pipeline, timeoutMs, minAccuracy, prefer, share) {
      post({
        type: 'query_arrived',
        query,
        pipeline,
        deadlineMs: time.nowMs + timeoutMs,
        ...minAccuracy === undefined ? {} : { minAccuracy },
        ...prefer === undefined ? {} : { prefer },
        ...share === undefined ? {} : { share },
        payload: query,
      })
    },
    join(spec) {
      nodes.get(spec.id)?.stop()
      nodes.set(spec.id, createNode(spec, { time, random, post, outcome }))
      const { id: node, slots = 1, duty = 1, able, own, judge, voter } = spec
      const { cold = false, threads = 1, speedups = [], power } = spec
      post({
        type: 'node_joined',
        node,
        slots,
        duty,
        able,
        cold,
        threads,
        speedups,
        ...power === undefined ? {} : { power },
        ...own === undefined ? {} : { own },
        ...judge === undefined ? {} : { judge },
        ...voter === undefined ? {} : { voter },
      })
    },
    leave,
    pause(node, on) {
      if (on) paused.add(node)
      else paused.delete(node)
      post({ type: 'node_reported', node, paused: on })
    },
    run: (untilMs) => time.run(untilMs),
  }
}
