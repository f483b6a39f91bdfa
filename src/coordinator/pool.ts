/**
 * The pool: links to nodes on one side, the scheduler on the other, queries in between.
 *
 * @module
 */
import type { NodeInfo } from '../client/types.ts'
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
import { createLink, type Link, type LinkOptions, type Socket } from './link.ts'
import type { Log } from './log.ts'
import { createTelemetry } from './metrics/telemetry.ts'
import {
  ableOf,
  addInstance,
  createPooledNode,
  joinedEvent,
  nodeInfo,
  type PooledNode,
  removeInstance,
  roundTripNews,
} from './nodes.ts'
import { createQueries, type QueryRequest } from './queries.ts'
import { noteReport } from './report.ts'
import { publicPlan, publicStats } from './public_view.ts'
import { createRenewal } from './renewal.ts'
import { offerOf, type ServedPipeline, welcomeOf } from './served.ts'
import { createSilence } from './silence.ts'
import type { Solve } from './solver.ts'
import { createVersions } from './versions.ts'

export interface PoolOptions {
  served: readonly ServedPipeline[]
  scheduler: Scheduler
  solve?: Solve | undefined
  /** Monotonic milliseconds. */
  now: () => number
  /** Told of joins, leaves and faults, for people. */
  log: Log
  link?: Omit<LinkOptions, 'now'>
}

export function createPool(options: PoolOptions) {
  const { served, scheduler, now, log, link: linkOptions } = options
  const versions = createVersions(served)
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
  const weighSilence = createSilence({ nodes, batches, post, log })
  const able = () => versions.all().flatMap((one) => servedVariants(one.pipeline, one.models))
  const tellAble = (node: PooledNode) =>
    post({ type: 'node_able', node: node.id, able: ableOf(node, able()) })
  const renewal = createRenewal({
    ...{ versions, nodes, post, log, isReady },
    opened(pipeline) {
      pipelines.set(pipeline.name, pipeline)
      telemetry.opened(pipeline)
    },
    closed: ({ name }) => void pipelines.delete(name),
    offer(node) {
      const { able: held, memoryBytes = Infinity } = joinedEvent(node, able())
      node.link.send({ type: 'served', ...offerOf(versions.all()) })
      tellAble(node)
      return {
        able: held.map(({ pipeline, task, variant }) => `${pipeline} ${task} ${variant}`),
        fits: held.reduce((sum, one) => sum + (one.memoryBytes ?? 0), 0) <= memoryBytes,
      }
    },
  })

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
    const node = createPooledNode(link, hello)
    nodes.set(node.id, node)
    byLink.set(link, node)
    link.send(welcomeOf(versions.all()))
    telemetry.joined()
    const { id, name, backend, slots } = node
    log(`node ${name} joined (${backend}, ${slots} slot${slots > 1 ? 's' : ''})`, 'info', {
      ...{ event: 'node_joined', node: id, name, backend },
    })
    post(joinedEvent(node, able()))
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
    const { id, name } = node
    log(`node ${name} left: ${why}`, 'info', { event: 'node_left', node: id, name, why })
    post({ type: 'node_left', node: id })
    renewal.heard(node)
    weighSilence()
  }

  function silent(link: Link, is: boolean) {
    const node = byLink.get(link)
    if (node === undefined) return
    node.silent = is
    weighSilence()
  }

  function receive(link: Link, received: Received<NodeMessage>) {
    const node = byLink.get(link)
    if (node === undefined) return
    const { message } = received
    const news = roundTripNews(node)
    if (news !== undefined) post(news)
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
        if (!pipelines.has(pipeline)) {
          // Asked for before its version went: it crossed the word that nobody needs it.
          return node.link.send({ type: 'unload', instances: [{ slot, ...ref }] })
        }
        addInstance(node, slot, ref, message)
        post({ type: 'instance_ready', node: node.id, slot, ...ref })
        renewal.heard(node)
        return weighSilence()
      }
      case 'load_failed': {
        const { slot, pipeline, task, variant } = message
        log(
          `node ${node.name} cannot load ${pipeline}/${task}/${variant}: ${message.message}`,
          'warn',
          { event: 'load_failed', node: node.id, name: node.name, pipeline, task, variant },
        )
        post({
          ...{ type: 'load_failed', node: node.id, message: message.message },
          ...{ slot, pipeline, task, variant },
        })
        // A limit of the volunteer's is no fault of the model.
        const isFault = message.reason === undefined
        const what = `${task} ${variant}`
        return renewal.heard(
          node,
          isFault ? { pipeline, what, message: message.message } : undefined,
        )
      }
      case 'report': {
        const event = noteReport(node, message, log, () => tellAble(node))
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
    ready: () => versions.current().every(({ pipeline }) => isReady(pipeline)),
    isReady,

    node: (id: string) => nodes.get(id),

    /** Batches that a node has been sent and has not answered. */
    batchesOn: (id: string) => nodes.has(id) ? batches.countOn(nodes.get(id)!) : 0,

    nodes(): NodeInfo[] {
      const { nodes: stats } = scheduler.stats()
      return [...nodes.values()].map((node) => nodeInfo(node, stats[node.id]))
    },

    /** Variants held warm by each node, as `slot pipeline task variant`. */
    held: () => [...nodes.values()].map(({ instances }) => instances),

    admin,
    telemetry,
    versions,
    /**
     * Replaces what is served under a name; `next` is called as the version that it is.
     *
     * @throws RenewalError where it cannot be served: the old one goes on
     */
    renew: renewal.renew,
    plan: () => publicPlan(scheduler.plan()),
    stats: () => publicStats(scheduler.stats()),
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
