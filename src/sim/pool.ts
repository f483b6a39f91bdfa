/**
 * The simulated pool: nodes of some classes, each with one slot, that come and go and drift.
 *
 * @module
 */
import type { BatchId, Handle, ItemOutcome, PolicyEvent, VariantRef } from '../policy/core/types.ts'
import type { Account, NodeActivity } from './account.ts'
import { type ClassModel, modelOf } from './class_model.ts'
import type { Command } from './driver.ts'
import type { VirtualTime } from './events.ts'
import { createRandom, exponential, lognormal, type Random, seedFor } from './random.ts'
import { nodeName, type Scenario } from './scenario.ts'
import { slownessOf } from './slowness.ts'
import { createSlot, type Dispatch, keyOf, type SimulatedSlot } from './slot.ts'

export interface PoolParts {
  time: VirtualTime
  account: Account
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
  /** What its profile says, and what drift has made of it. */
  slowness: number
  drift: number
  /** Null while it is away. */
  slot: SimulatedSlot | null
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
        slowness: slownessOf(scenario, row.class, id),
        drift: 1,
        slot: null,
        noise: createRandom(seedFor(seed, `noise ${id}`)),
        churn: createRandom(seedFor(seed, `churn ${id}`)),
        countedBin: -1,
      })
    }
  }

  function slotOf(node: SimulatedNode): SimulatedSlot {
    const { id, model: { latency, room, duty, saidMs, swapMs, roundTripMs } } = node
    const answer = (event: PolicyEvent) => time.at(time.nowMs + roundTripMs / 2, () => post(event))
    return createSlot({
      time,
      swapMs,
      room,
      duty,
      computeMs: (batch) =>
        latency.get(keyOf(batch))!(batch.items.length) * node.slowness * node.drift *
        lognormal(node.noise, latencyCv),
      loaded: (ref) => post({ type: 'instance_ready', node: id, slot: 0, ...ref }),
      loadFailed(ref, message) {
        parts.fault(`load refused: ${message}`)
        post({ type: 'load_failed', node: id, slot: 0, message, ...ref })
      },
      ran: (startMs) => account.ran(node, startMs, time.nowMs),
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
    })
  }

  function join(node: SimulatedNode, first: boolean): void {
    const { id, model, slowness } = node
    const slot = node.slot = slotOf(node)
    const room = model.all ? {} : { memoryBytes: model.room, swapRoom: true }
    post({ type: 'node_joined', node: id, slots: 1, duty: model.duty, able: model.able, ...room })
    post({
      type: 'node_reported',
      node: id,
      roundTripMs: model.roundTripMs,
      profile: model.points.map(({ ref, points }) => ({
        ...ref,
        points: points.map(({ batch, latencyMs }) => ({ batch, latencyMs: latencyMs * slowness })),
      })),
    })
    if (first && model.all) {
      for (const { ref } of model.points) {
        if (slot.holds(ref)) continue
        slot.hold(ref)
        post({ type: 'instance_ready', node: id, slot: 0, ...ref })
      }
    }
    if (churn === undefined) return
    time.at(time.nowMs + exponential(node.churn, churn.meanUptimeS) * 1000, () => leave(node))
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
    const startMs = node.slot?.stop()
    node.slot = null
    if (startMs !== undefined) account.ran(node, startMs, time.nowMs)
  }

  function dispatch(node: SimulatedNode, batch: Dispatch): void {
    const { slot, model } = node
    time.at(time.nowMs + model.roundTripMs / 2, () => {
      if (node.slot === slot) slot!.push(batch)
    })
  }

  function cancel({ slot, model }: SimulatedNode, batch: BatchId): void {
    time.at(time.nowMs + model.roundTripMs / 2, () => slot!.cancel(batch))
  }

  function loadAtOnce(node: SimulatedNode, { pipeline, task, variant }: VariantRef): void {
    const ref = { pipeline, task, variant }
    const full = !node.slot!.holds(ref) && node.slot!.count() > node.model.room
    if (!full) node.slot!.hold(ref)
    post(
      full
        ? { type: 'load_failed', node: node.id, slot: 0, message: 'no room', ...ref }
        : { type: 'instance_ready', node: node.id, slot: 0, ...ref },
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
      if (node?.slot == null) {
        if (node === undefined) parts.fault(`${command.type}: no such node`)
        return
      }
      switch (command.type) {
        case 'load':
          return atOnce ? loadAtOnce(node, command) : node.slot.load(command)
        case 'unload':
          return node.slot.unload(command)
        case 'dispatch':
          return dispatch(node, command)
        case 'cancel_batch':
          return cancel(node, command.batch)
        default:
          return
      }
    },
    end() {
      for (const node of nodes.values()) stop(node)
    },
  }
}
