/**
 * The pool: links to nodes on one side, the scheduler on the other, queries in between.
 *
 * @module
 */
import type { NodeInfo, PlanInfo } from '../client/types.ts'
import { servedVariants } from '../pipeline/hold.ts'
import type { Pipeline } from '../pipeline/schema.ts'
import type { Plan, QueryId, Scheduler } from '../policy/types.ts'
import {
  CLOSE,
  type Hello,
  type NodeMessage,
  type Received,
  type ResultMessage,
} from '../protocol/mod.ts'
import { createAdmin } from './admin.ts'
import { createBatches } from './batches.ts'
import { createDeadlines } from './deadlines.ts'
import { type Command, createDriver } from './driver.ts'
import { noteJudgement } from './judgement.ts'
import { createLink, type Link, type LinkOptions, type Socket } from './link.ts'
import type { Log } from './log.ts'
import { createTelemetry } from './metrics/telemetry.ts'
import {
  addInstance,
  createPooledNode,
  isPaused,
  joinedEvent,
  nodeInfo,
  type PooledNode,
  removeInstance,
} from './nodes.ts'
import { createQueries, type QueryRequest } from './queries.ts'
import { noteReport } from './report.ts'
import { createRulings } from './rulings.ts'
import { type ServedPipeline, welcomeOf } from './served.ts'
import type { Solve } from './solver.ts'

export interface PoolOptions {
  served: readonly ServedPipeline[]
  scheduler: Scheduler
  solve?: Solve | undefined
  /** Monotonic milliseconds. */
  now: () => number
  /** Told of joins, leaves and faults, for people. */
  log: Log
  /** Whether this is a node that whoever runs the coordinator started: its word is taken. */
  isOwn?: (hello: Hello) => boolean
  link?: Omit<LinkOptions, 'now'>
}

export function createPool(options: PoolOptions) {
  const { served, scheduler, now, log, link: linkOptions } = options
  const pipelines = new Map(served.map(({ pipeline }) => [pipeline.name, pipeline]))
  const nodes = new Map<string, PooledNode>()
  const byLink = new Map<Link, PooledNode>()
  const draining = new AbortController()
  const deadlines = createDeadlines(now)
  const fault = (error: unknown) =>
    log(`scheduler fault: ${error instanceof Error ? error.stack : error}`, 'error')
  const telemetry = createTelemetry([...pipelines.values()])
  const driver = createDriver(scheduler, execute, now, fault, options.solve, planned)
  const { post } = driver
  const letGo = (query: QueryId) => batches.release(query)
  const queries = createQueries(post, now, deadlines, letGo, telemetry)
  const batches = createBatches(pipelines, post, now, queries.has, telemetry)
  const admin = createAdmin({ nodes, batches, post, log })
  const able = served.flatMap(({ pipeline, models }) => servedVariants(pipeline, models))
  const kept = scheduler.keepsRulings === true
  const rulings = createRulings({ pipelines, nodes, able, kept, post, log })
  const welcome = welcomeOf(served)

  function planned({ epoch, mode, reason, solveMs }: Plan) {
    telemetry.planned(solveMs)
    log.debug?.(`plan ${epoch}: ${mode}, ${reason}`, { event: 'plan', epoch, mode, solveMs })
  }

  function execute(command: Command) {
    switch (command.type) {
      case 'answer':
        batches.release(command.query)
        return queries.answer(command.query, command.answer)
      case 'dispatch': {
        const node = nodes.get(command.node)
        if (node?.link.open) return batches.dispatch(command, node)
        return post({ type: 'batch_failed', batch: command.batch, message: 'the node has left' })
      }
      case 'cancel_batch':
        return batches.cancel(command.batch)
      case 'load':
      case 'unload': {
        const { type, slot, pipeline, task, variant } = command
        const node = nodes.get(command.node)
        if (node !== undefined && type === 'unload') removeInstance(node, slot, command)
        node?.link.send({ type, instances: [{ slot, pipeline, task, variant }] })
        return
      }
      case 'drain_node':
        nodes.get(command.node)?.link.send({ type: 'drain', reason: 'asked by the coordinator' })
        return
      case 'judged':
        return noteJudgement(command, { nodes, batches, telemetry, log })
      case 'wake_node':
      case 'rest_node':
        // A resting node is one that gets no batch.
        return
    }
  }

  function join(link: Link, hello: Hello): boolean {
    if (admin.isRemoved(hello.nodeId)) {
      admin.turnAway(link)
      return true
    }
    const old = nodes.get(hello.nodeId)
    if (old !== undefined) {
      if (hello.epoch < old.hello.epoch) {
        link.close(CLOSE.replaced, 'a newer link of this node is open')
        return true
      }
      old.link.refuse(CLOSE.replaced, {
        reason: 'replaced',
        message: 'Another link of the same node took over',
      })
    }
    const node = createPooledNode(link, hello, options.isOwn?.(hello) ?? false)
    nodes.set(node.id, node)
    byLink.set(link, node)
    link.send(welcome)
    telemetry.joined()
    log(
      `node ${node.name} joined (${node.backend}, ${node.slots} slot${node.slots > 1 ? 's' : ''})`,
      'info',
      { event: 'node_joined', node: node.id, name: node.name, backend: node.backend },
    )
    post(joinedEvent(node, able))
    admin.joined(node)
    return true
  }

  function closed(link: Link, why: string) {
    const node = byLink.get(link)
    if (node === undefined) return
    byLink.delete(link)
    nodes.delete(node.id)
    batches.left(node)
    telemetry.left(link.bytesSent, link.bytesReceived)
    log(`node ${node.name} left: ${why}`, 'info', {
      ...{ event: 'node_left', node: node.id, name: node.name, why },
    })
    post({ type: 'node_left', node: node.id })
    weighSilence()
  }

  /**
   * A node that fell silent gets nothing while others are there, and what it has goes to them: a
   * half-open connection, a stopped process or a sleeping laptop would keep it until it is overdue.
   */
  function weighSilence() {
    const sound = [...nodes.values()].some((node) => !node.silent && node.instances.size > 0)
    for (const node of nodes.values()) {
      const sidelined = node.silent && sound
      if (sidelined === node.sidelined) continue
      node.sidelined = sidelined
      log(
        `node ${node.name} ${node.silent ? 'fell silent' : 'is heard of again'}`,
        node.silent ? 'warn' : 'info',
        { event: node.silent ? 'node_silent' : 'node_heard', node: node.id, name: node.name },
      )
      post({ type: 'node_reported', node: node.id, paused: isPaused(node) })
      if (sidelined) batches.abandon(node, 'the node fell silent')
    }
  }

  function silent(link: Link, is: boolean) {
    const node = byLink.get(link)
    if (node === undefined) return
    node.silent = is
    weighSilence()
  }

  function reportRoundTrip(node: PooledNode) {
    const { roundTripMs } = node.link
    if (roundTripMs === undefined) return
    // Told when it has changed by a fifth: the scheduler need not hear each heartbeat.
    if (Math.abs(roundTripMs - node.toldRoundTripMs) < 0.2 + 0.2 * node.toldRoundTripMs) return
    node.toldRoundTripMs = roundTripMs
    post({ type: 'node_reported', node: node.id, roundTripMs })
  }

  function receive(link: Link, received: Received<NodeMessage>) {
    const node = byLink.get(link)
    if (node === undefined) return
    const { message } = received
    reportRoundTrip(node)
    switch (message.type) {
      case 'result':
        return batches.finished(node, received as Received<ResultMessage>)
      case 'batch_failed':
        log(`node ${node.name} lost a batch: ${message.message}`, 'warn', {
          ...{ event: 'batch_failed', node: node.id, name: node.name },
        })
        return batches.failed(node, message.batch, message.message)
      case 'ready': {
        const { slot, pipeline, task, variant } = message
        const ref = { pipeline, task, variant }
        addInstance(node, slot, ref, message)
        post({ type: 'instance_ready', node: node.id, slot, ...ref })
        return weighSilence()
      }
      case 'load_failed': {
        const { slot, pipeline, task, variant } = message
        log(
          `node ${node.name} cannot load ${pipeline}/${task}/${variant}: ${message.message}`,
          'warn',
          { event: 'load_failed', node: node.id, name: node.name, pipeline, task, variant },
        )
        return post({
          ...{ type: 'load_failed', node: node.id, message: message.message },
          ...{ slot, pipeline, task, variant },
        })
      }
      case 'report': {
        const event = noteReport(node, message, log)
        return event === undefined ? undefined : post(event)
      }
      case 'bye':
        return link.close(1000, message.reason)
      case 'hello':
      case 'pong':
        return
    }
  }

  function isReady(pipeline: Pipeline): boolean {
    return Object.keys(pipeline.tasks).every((task) =>
      [...nodes.values()].some((node) => node.tasks.has(`${pipeline.name} ${task}`))
    )
  }

  return {
    /** A new connection on `/v1/link`; `remedy` is what brings a node of an older version here. */
    connect: (socket: Socket, remedy?: string): Link =>
      createLink(socket, { hello: join, message: receive, silent, closed }, {
        now,
        ...linkOptions,
        ...(remedy === undefined ? {} : { remedy }),
      }),

    submit: (request: QueryRequest) => queries.submit(request),

    /** Whether each pipeline has a warm instance for every task. */
    ready: () => served.every(({ pipeline }) => isReady(pipeline)),
    isReady,

    node: (id: string) => nodes.get(id),

    /** Batches that a node has been sent and has not answered. */
    batchesOn: (id: string) => nodes.has(id) ? batches.countOn(nodes.get(id)!) : 0,

    nodes(): NodeInfo[] {
      const stats = scheduler.stats()
      return [...nodes.values()].map((node) => nodeInfo(node, stats.nodes[node.id]))
    },

    /** Variants held warm by each node, as `slot pipeline task variant`. */
    held: () => [...nodes.values()].map(({ instances }) => instances),

    admin,
    rulings,
    telemetry,
    plan: (): PlanInfo => ({ ...scheduler.plan(), rulings: rulings.list() }),
    stats: () => scheduler.stats(),
    queriesInFlight: () => queries.size,
    draining: draining.signal,
    deadlines,

    /** Takes no more queries, answers those inside, lets the nodes go. */
    async drain(timeoutMs: number) {
      draining.abort()
      post({ type: 'drain' })
      const giveUpMs = now() + timeoutMs
      while (queries.size > 0 && now() < giveUpMs) await new Promise((done) => setTimeout(done, 20))
      for (const { link } of [...nodes.values()]) {
        // Nodes wait for the next one; an own node is ended by whoever started it.
        link.send({ type: 'drain', reason: 'the coordinator is shutting down', rejoin: true })
        link.close(1001, 'the coordinator is shutting down')
      }
      driver.stop()
    },
  }
}

export type Pool = ReturnType<typeof createPool>
