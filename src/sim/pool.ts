/**
 * The simulated pool: nodes of some classes that come and go and drift.
 *
 * @module
 */
import type {
  Handle,
  ItemOutcome,
  PolicyEvent,
  SlotIndex,
  VariantRef,
} from '../policy/core/types.ts'
import type { Account, NodeActivity } from './account.ts'
import { type ClassModel, modelOf } from './class_model.ts'
import type { Command } from './driver.ts'
import type { VirtualTime } from './events.ts'
import { createMachine, type Machine } from './machine.ts'
import { createRandom, exponential, lognormal, type Random, seedFor } from './random.ts'
import { nodeName, type Scenario } from './scenario.ts'
import type { Starts } from './scenario_schema.ts'
import { slownessOf } from './slowness.ts'
import { type Dispatch, keyOf, type SlotParts } from './slot.ts'
import type { NodeUsage, Usage } from './usage.ts'

export interface PoolParts {
  time: VirtualTime
  account: Account
  /** Absent: nobody asks. */
  usage?: Usage
  post(event: PolicyEvent): void
  outcome(payload: Handle, ref: VariantRef): ItemOutcome
  /** The scheduler did what it should not. */
  fault(what: string): void
}

export interface SimulatedPool {
  /** All nodes, at the start; what they are told to load is there at once. */
  join(): void
  /** @param atOnce loads take no time: the run has not begun */
  execute(command: Command, atOnce: boolean): void
  /** Counts what still runs. */
  end(): void
}

interface SimulatedNode extends NodeActivity {
  id: string
  model: ClassModel
  starts: Starts
  usage: NodeUsage | undefined
  /** What its profile says, and what drift has made of it. */
  slowness: number
  drift: number
  /** Null while it is away. */
  machine: Machine | null
  noise: Random
  churn: Random
}

export function createSimulatedPool(scenario: Scenario, parts: PoolParts): SimulatedPool {
  const { time, account, post } = parts
  const { seed, latencyCv, churn } = scenario
  const models = new Map(
    Object.keys(scenario.classes).map((name) => [name, modelOf(scenario, name)]),
  )
  const nodes = new Map<string, SimulatedNode>()
  for (const row of scenario.pool) {
    const model = models.get(row.class)!
    for (let i = 0, index = 0; i < row.count; index++) {
      const id = nodeName(row.class, index)
      if (nodes.has(id)) continue
      i++
      nodes.set(id, {
        id,
        model,
        starts: row.starts ?? 'awake',
        usage: parts.usage?.node(scenario.classes[row.class]!.power),
        slowness: slownessOf(scenario, row.class, id),
        drift: 1,
        machine: null,
        noise: createRandom(seedFor(seed, `noise ${id}`)),
        churn: createRandom(seedFor(seed, `churn ${id}`)),
        countedBin: -1,
      })
    }
  }

  function machineOf(node: SimulatedNode): Machine {
    const { id, model, starts, usage } = node
    const { latency, threadsShare, saidMs, roundTripMs, isScaled } = model
    const answer = (event: PolicyEvent) => time.at(time.nowMs + roundTripMs / 2, () => post(event))
    const batch: Pick<SlotParts, 'ended' | 'calledOff' | 'refused'> = {
      calledOff({ batch, items, ...ref }, startMs) {
        const computeMs = saidMs(keyOf(ref), items.length, time.nowMs - startMs)
        answer({ type: 'batch_failed', batch, message: 'called off', computeMs })
      },
      ended({ batch, items, ...ref }, startMs, nodeQueueMs) {
        answer({
          type: 'batch_finished',
          batch,
          outcomes: items.map(({ payload }) => parts.outcome(payload, ref)),
          computeMs: saidMs(keyOf(ref), items.length, time.nowMs - startMs),
          nodeQueueMs,
          networkMs: roundTripMs,
        })
      },
      refused({ batch, variant }) {
        parts.fault('batch refused: variant not held')
        answer({ type: 'batch_failed', batch, message: `${variant} is not held` })
      },
    }
    return createMachine({
      time,
      model,
      starts,
      usage,
      batch,
      computeMs: (batch, threads) =>
        latency.get(keyOf(batch))!(batch.items.length) * node.slowness * node.drift *
        lognormal(node.noise, latencyCv) *
        threadsShare(keyOf(batch), batch.items.length, threads),
      slot: (slot) => ({
        loaded: (ref) => post({ type: 'instance_ready', node: id, slot, ...ref }),
        loadFailed(ref, message) {
          parts.fault(`load refused: ${message}`)
          post({ type: 'load_failed', node: id, slot, message, ...ref })
        },
      }),
      ran: (startMs) => account.ran(node, startMs, time.nowMs),
      scaled: (inUse) => isScaled && answer({ type: 'node_scaled', node: id, ...inUse }),
    })
  }

  function join(node: SimulatedNode, first: boolean): void {
    const { id, model, slowness, starts } = node
    const { slots, duty, able } = model
    const { inUse } = node.machine = machineOf(node)
    const room = model.all ? {} : { memoryBytes: model.room, swapRoom: true }
    const elastic = { ...model.elastic, ...starts === 'cold' ? { cold: true } : {} }
    post({ type: 'node_joined', node: id, slots, duty, able, ...room, ...elastic })
    post({
      type: 'node_reported',
      node: id,
      roundTripMs: model.roundTripMs,
      profile: model.points.map(({ ref, points }) => ({
        ...ref,
        points: points.map(({ batch, latencyMs }) => ({ batch, latencyMs: latencyMs * slowness })),
      })),
    })
    if (starts === 'resting') post({ type: 'node_scaled', node: id, ...inUse })
    if (first && model.all && starts !== 'cold') holdAll(node)
    if (churn === undefined) return
    time.at(time.nowMs + exponential(node.churn, churn.meanUptimeS) * 1000, () => leave(node))
  }

  function holdAll({ id, model, machine }: SimulatedNode): void {
    machine!.slots.forEach((own, slot) => {
      for (const { ref } of model.points) {
        if (own.holds(ref)) continue
        own.hold(ref)
        post({ type: 'instance_ready', node: id, slot, ...ref })
      }
    })
  }

  function leave(node: SimulatedNode): void {
    // What it was running is lost; what it had sent is in before it is heard that it went.
    stop(node)
    time.at(time.nowMs + node.model.roundTripMs / 2, () => {
      post({ type: 'node_left', node: node.id })
      const downMs = exponential(node.churn, churn!.meanDowntimeS) * 1000
      time.at(time.nowMs + downMs, () => join(node, false))
    })
  }

  function stop(node: SimulatedNode): void {
    const startMs = node.machine?.stop()
    node.machine = null
    if (startMs !== undefined) account.ran(node, startMs, time.nowMs)
  }

  /** When a message that is sent now comes to the node, if it is still the same. */
  function heard(node: SimulatedNode, action: (machine: Machine) => void): void {
    const { machine, model } = node
    time.at(time.nowMs + model.roundTripMs / 2, () => {
      if (node.machine === machine) action(machine!)
    })
  }

  const dispatch = (node: SimulatedNode, batch: Dispatch) =>
    heard(node, ({ slots, inUse }) => {
      // At rest it is warm, and may be called.
      if (inUse.slots === 0 || batch.slot < inUse.slots) return slots[batch.slot]!.push(batch)
      parts.fault('batch for a parked slot')
      const message = `slot ${batch.slot} is not in use`
      const event: PolicyEvent = { type: 'batch_failed', batch: batch.batch, message }
      time.at(time.nowMs + node.model.roundTripMs / 2, () => post(event))
    })

  function loadAtOnce(
    { id, model, machine }: SimulatedNode,
    { slot, pipeline, task, variant }: VariantRef & { slot: SlotIndex },
  ): void {
    const ref = { pipeline, task, variant }
    const own = machine!.slots[slot]!
    const full = !own.holds(ref) && own.count() > model.room
    if (!full) own.hold(ref)
    post(
      full
        ? { type: 'load_failed', node: id, slot, message: 'no room', ...ref }
        : { type: 'instance_ready', node: id, slot, ...ref },
    )
  }

  return {
    join() {
      for (const node of nodes.values()) join(node, true)
      for (const { atS, node, slowness } of scenario.drift) {
        time.at(atS * 1000, () => nodes.get(node)!.drift = slowness)
      }
    },
    execute(command, atOnce) {
      if (!('node' in command)) return
      const node = nodes.get(command.node)
      if (node?.machine == null) {
        if (node === undefined) parts.fault(`${command.type}: no such node`)
        return
      }
      const { machine } = node
      if ('slot' in command && !(command.slot in machine.slots)) {
        return parts.fault(`${command.type}: no such slot`)
      }
      switch (command.type) {
        case 'load':
          // What is cold at the start takes its time then, too.
          return atOnce && !machine.isCold && !machine.isRecruiting
            ? loadAtOnce(node, command)
            : machine.load(command.slot, command)
        case 'unload':
          return machine.unload(command.slot, command)
        case 'dispatch':
          return dispatch(node, command)
        case 'cancel_batch':
          return heard(node, () => machine.cancel(command.batch))
        case 'scale':
          return atOnce ? machine.scale(command) : heard(node, () => machine.scale(command))
        default:
          return
      }
    },
    end() {
      for (const node of nodes.values()) stop(node)
    },
  }
}
