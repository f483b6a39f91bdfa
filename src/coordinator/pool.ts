/**
 * The pool: links to nodes on one side, the scheduler on the other, queries in between.
 *
 * @module
 */
import type { NodeInfo } from '../client/types.ts'
import { servedVariants } from '../pipeline/hold.ts'
import type { Scheduler } from '../policy/types.ts'
import {
  CLOSE,
  type Hello,
  type NodeMessage,
  type Received,
  type ResultMessage,
} from '../protocol/mod.ts'
import { createBatches } from './batches.ts'
import { createDeadlines } from './deadlines.ts'
import { type Command, createDriver } from './driver.ts'
import { createLink, type Link, type LinkOptions, type Socket } from './link.ts'
import {
  addInstance,
  createPooledNode,
  dropInstances,
  joinedEvent,
  nodeInfo,
  noteProfile,
  type PooledNode,
  removeInstance,
} from './nodes.ts'
import { createQueries, type QueryRequest } from './queries.ts'
import { type ServedPipeline, welcomeOf } from './served.ts'
import type { Solve } from './solver.ts'

export interface PoolOptions {
  served: readonly ServedPipeline[]
  scheduler: Scheduler
  solve?: Solve | undefined
  /** Monotonic milliseconds. */
  now: () => number
  /** Told of joins, leaves and faults, for people. */
  log: (line: string) => void
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
    log(`scheduler fault: ${error instanceof Error ? error.stack : error}`)
  const driver = createDriver(scheduler, execute, now, fault, options.solve)
  const { post } = driver
  const queries = createQueries(post, now, deadlines, (query) => batches.release(query))
  const batches = createBatches(pipelines, post, now, queries.has)
  const able = served.flatMap(({ pipeline, models }) => servedVariants(pipeline, models))
  const welcome = welcomeOf(served)

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
      case 'wake_node':
      case 'rest_node':
        // A resting node is one that gets no batch.
        return
    }
  }

  function join(link: Link, hello: Hello): boolean {
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
    const node = createPooledNode(link, hello)
    nodes.set(node.id, node)
    byLink.set(link, node)
    link.send(welcome)
    log(
      `node ${node.name} joined (${node.backend}, ${node.slots} slot${node.slots > 1 ? 's' : ''})`,
    )
    post(joinedEvent(node, able))
    return true
  }

  function closed(link: Link, why: string) {
    const node = byLink.get(link)
    if (node === undefined) return
    byLink.delete(link)
    nodes.delete(node.id)
    batches.left(node)
    log(`node ${node.name} left: ${why}`)
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
      log(`node ${node.name} ${node.silent ? 'fell silent' : 'is heard of again'}`)
      post({ type: 'node_reported', node: node.id, paused: sidelined || node.paused })
      if (sidelined) batches.abandon(node, 'the node fell silent')
    }
  }

  function silent(link: Link, is: boolean) {
    const node = byLink.get(link)
    if (node === undefined) return
    node.silent = is
    weighSilence()
  }

  function notePause(node: PooledNode, pausedBy: string | null) {
    if (node.pausedBy === pausedBy) return
    node.pausedBy = pausedBy
    log(`node ${node.name} ${pausedBy === null ? 'goes on' : `pauses: ${pausedBy}`}`)
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
        log(`node ${node.name} lost a batch: ${message.message}`)
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
        log(`node ${node.name} cannot load ${pipeline}/${task}/${variant}: ${message.message}`)
        return post({
          ...{ type: 'load_failed', node: node.id, message: message.message },
          ...{ slot, pipeline, task, variant },
        })
      }
      case 'report': {
        if (message.progress !== undefined) {
          const { done, total } = message.progress
          node.progress = done < total ? message.progress : null
        }
        if (message.backend !== undefined) node.backend = message.backend
        node.threadsPerRun = message.threadsPerRun ?? node.threadsPerRun
        if (message.backendReason !== undefined) {
          node.backendReason = message.backendReason
          log(`node ${node.name} runs on ${message.backendReason}`)
        }
        if (message.slots !== undefined) {
          node.slots = message.slots
          dropInstances(node, message.slots)
        }
        const line = noteProfile(node, message)
        if (line !== undefined) log(line)
        const { paused, slots, profile } = message
        if (paused !== undefined) notePause(node, paused ? message.pausedBy ?? 'node' : null)
        if (paused === undefined && slots === undefined && profile === undefined) return
        node.paused = paused ?? node.paused
        return post({
          type: 'node_reported',
          node: node.id,
          ...(paused === undefined ? {} : { paused: paused || node.sidelined }),
          ...(slots === undefined ? {} : { slots }),
          ...(profile === undefined ? {} : { profile }),
        })
      }
      case 'bye':
        return link.close(1000, message.reason)
      case 'hello':
      case 'pong':
        return
    }
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
    ready: () =>
      served.every(({ pipeline }) =>
        Object.keys(pipeline.tasks).every((task) =>
          [...nodes.values()].some((node) => node.tasks.has(`${pipeline.name} ${task}`))
        )
      ),

    node: (id: string) => nodes.get(id),

    /** Batches that a node has been sent and has not answered. */
    batchesOn: (id: string) => nodes.has(id) ? batches.countOn(nodes.get(id)!) : 0,

    nodes(): NodeInfo[] {
      const stats = scheduler.stats()
      return [...nodes.values()].map((node) => nodeInfo(node, stats.nodes[node.id]))
    },

    plan: () => scheduler.plan(),
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
        link.send({ type: 'drain', reason: 'the coordinator is shutting down' })
        link.close(1001, 'the coordinator is shutting down')
      }
      driver.stop()
    },
  }
}

export type Pool = ReturnType<typeof createPool>
