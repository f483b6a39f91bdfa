/**
 * The pool: links to nodes on one side, the scheduler on the other, queries in between.
 *
 * @module
 */
import type { NodeInfo, PlanInfo } from '../../client/types.ts'
import { servedVariants } from '../../pipeline/hold.ts'
import type { Plan } from '../../policy/core/types.ts'
import type { Hello, NodeMessage, Received } from '../../protocol/mod.ts'
import { ApiError } from '../core/api_error.ts'
import { createDeadlines } from '../core/deadlines.ts'
import { type Admit, createKeyring, type Key } from '../core/keys.ts'
import { createAuditors } from '../nodes/auditors.ts'
import { createDeparted } from '../nodes/departed.ts'
import { createFragmentRoom } from '../nodes/fragments.ts'
import { createIdentities } from '../nodes/identities.ts'
import { createLink, type Link, type LinkOptions, type Socket } from '../nodes/link.ts'
import { createMembers } from '../nodes/members.ts'
import { nodeInfo } from '../nodes/node_info.ts'
import { createNodeLog } from '../nodes/node_log.ts'
import {
  ableOf,
  createPooledNode,
  forgetPipeline,
  joinedEvent,
  type PooledNode,
  tooLargeFor,
} from '../nodes/nodes.ts'
import { offerOf, welcomeOf } from '../nodes/served.ts'
import { createMeter } from '../observe/energy/meter.ts'
import { powerOf } from '../observe/energy/power.ts'
import { createTelemetry } from '../observe/metrics/telemetry.ts'
import { openOtel } from '../observe/otel/open.ts'
import { createBatches } from '../queries/batches.ts'
import { createQueries } from '../queries/queries.ts'
import { createStreams } from '../queries/streams.ts'
import { createDriver } from '../scheduler/driver.ts'
import { createAdmin } from './admin.ts'
import { createCommands } from './commands.ts'
import { createCostly } from './costly/costly.ts'
import { createNodeMessages } from './node_messages.ts'
import type { PoolOptions } from './pool_options.ts'
import { publicPlan, publicStats } from './public_view.ts'
import { createReadiness } from './ready.ts'
import { createRenewal } from './renewal.ts'
import { createRulings } from './rulings.ts'
import { createSilence } from './silence.ts'
import { releaseAll, takesOver } from './take_over.ts'
import { createVersions } from './versions.ts'

export type { PoolOptions } from './pool_options.ts'

export function createPool(options: PoolOptions) {
  const { served, scheduler, now, log, link: linkOptions } = options
  const { keyring = createKeyring(), identities = createIdentities() } = options
  const versions = createVersions(served)
  const pipelines = new Map(served.map(({ pipeline }) => [pipeline.name, pipeline]))
  /** Nodes that serve, by id; auditors are kept apart. */
  const nodes = new Map<string, PooledNode>()
  const find = (id: string) => nodes.get(id) ?? auditors.get(id)
  const byLink = new Map<Link, PooledNode>()
  const members = createMembers(keyring)
  const fragments = createFragmentRoom()
  const departed = createDeparted(now)
  const draining = new AbortController()
  const deadlines = createDeadlines(now)
  const fault = (error: unknown) => log(`scheduler fault: ${(error as Error).stack}`, 'error')
  const telemetry = createTelemetry([...pipelines.values()])
  const otel = options.otel && openOtel(options.otel, { scheduler, telemetry, now })
  const meter = createMeter((id) => nodes.has(id) ? powerOf(nodes.get(id)!) : undefined)
  const { post, stop } = createDriver(
    meter.over(scheduler),
    (one) => carryOut(one),
    now,
    fault,
    options.solve,
    planned,
  )
  const queries = createQueries(
    post,
    now,
    deadlines,
    (one) => {
      batches.release(one)
      streams.forget(one)
    },
    otel?.telemetry ?? telemetry,
    (one) => tooLargeFor([...nodes.values()], one.payload) ?? costly.refuse(one),
    otel?.traces,
    meter.answered,
    (request, begin) => costly.enter(request, begin),
  )
  const costly = createCostly({ now, deadlines, nodes, requestOf: queries.requestOf })
  const streams = createStreams({
    ...{ pipelines, now, onTextOf: queries.onTextOf },
    isTrusted: (node, ref) => scheduler.takesAtOnce?.(node.id, ref) ?? true,
    lost: (node, batch, message) => batches.lose(node, batch, message),
  })
  const batches = createBatches(pipelines, post, now, queries.has, telemetry, streams, {
    ...{ watch: otel?.traces, gaveUp: costly.gaveUp },
  })
  const weighSilence = createSilence({ nodes, batches, post, log })
  const carryOut = createCommands({
    ...{ find, nodes, batches, streams, queries, telemetry, weighSilence, post, log },
  })
  const able = () => versions.all().flatMap((one) => servedVariants(one.pipeline, one.models))
  const ableOn = (node: PooledNode) => ableOf(node, able())
  const postAble = (node: PooledNode) =>
    post({ type: 'node_able', node: node.id, able: ableOn(node) })
  const kept = scheduler.keepsRulings === true
  const rulings = createRulings({ versions, nodes, able, kept, post, log })
  const { isReady, recheck } = createReadiness({
    nodes,
    pipelines: () => versions.all().map(({ pipeline }) => pipeline),
    ableOn,
    bestInTime: scheduler.bestInTime,
    rehearse: options.rehearse,
  })
  const admin = createAdmin({ nodes, batches, weighSilence, recheck, post, log })
  const renewal = createRenewal({
    ...{ versions, nodes, post, log, isReady },
    opened(pipeline) {
      pipelines.set(pipeline.name, pipeline)
      telemetry.opened(pipeline)
    },
    added() {
      rulings.renewed()
      auditors.renew()
    },
    isOpen: rulings.isOpen,
    closed({ name }) {
      pipelines.delete(name)
      for (const node of nodes.values()) forgetPipeline(node, name)
      auditors.renew()
    },
    offer,
  })
  const auditors = createAuditors({ offer, post, log })

  function offer(node: PooledNode) {
    node.link.send({ type: 'served', ...offerOf(versions.all()) })
    postAble(node)
    return joinedEvent(node, able())
  }

  function planned({ epoch, mode, reason, solveMs }: Plan) {
    telemetry.planned(solveMs)
    log.debug?.(`plan ${epoch}: ${mode}, ${reason}`, { event: 'plan', epoch, mode, solveMs })
  }

  function join(link: Link, greeting: Hello, voter?: string): boolean {
    const hello = identities.claim(link, greeting)
    if (hello === undefined) return true
    if (admin.isRemoved(hello.nodeId)) {
      admin.refuse(link)
      return true
    }
    const old = find(hello.nodeId)
    if (old !== undefined && !takesOver(link, hello, old, members)) return true
    const { isOwn, isAuditor } = options
    const [own, judge] = [isOwn?.(hello) ?? false, isAuditor?.(hello) ?? false]
    const node = createPooledNode(link, hello, { own, judge, voter })
    byLink.set(link, node)
    link.send(welcomeOf(versions.all()))
    if (judge) return auditors.join(node, joinedEvent(node, able()))
    nodes.set(node.id, node)
    telemetry.joined()
    if (!own) options.strangerJoined?.()
    const { id, name, backend, slots } = node
    logOf(node)(`node ${name} joined (${backend}, ${slots} slot${slots > 1 ? 's' : ''})`, 'info', {
      ...{ event: 'node_joined', node: id, name, backend },
    })
    post(joinedEvent(node, able()))
    admin.joined(node)
    return true
  }

  function closed(link: Link, why: string) {
    members.remove(link)
    const node = byLink.get(link)
    if (node === undefined) return
    byLink.delete(link)
    departed.add(node)
    batches.left(node)
    if (node.judge) return auditors.leave(node, why)
    nodes.delete(node.id)
    telemetry.left(link.bytesSent, link.bytesReceived)
    const { id, name } = node
    logOf(node)(`node ${name} left: ${why}`, 'info', { event: 'node_left', node: id, name, why })
    post({ type: 'node_left', node: id })
    renewal.noteNode(node)
    weighSilence()
  }

  function silent(link: Link, is: boolean) {
    const node = byLink.get(link)
    if (node === undefined) return
    node.silent = is
    weighSilence()
  }

  const logOf = createNodeLog(log, now)
  const onMessage = createNodeMessages({
    ableOn,
    batches,
    streams,
    renewal,
    postAble,
    weighSilence,
    post,
    logOf,
    recheck,
  })

  function receive(link: Link, received: Received<NodeMessage>) {
    const node = byLink.get(link)
    if (node !== undefined) onMessage(node, received)
  }

  return {
    /** A new connection on `/v1/link`. */
    connect(
      socket: Socket,
      admit: Admit,
      own: Pick<LinkOptions, 'remedy' | 'blamed'> & { voter?(key: Key | null): string } = {},
    ): Link {
      const hello = (link: Link, hello: Hello) => {
        try {
          const key = admit(hello.token)
          return members.enter(link, key) && join(link, hello, own.voter?.(key ?? null))
        } catch (error) {
          if (!(error instanceof ApiError)) throw error
          // The token may be good: the node is to join again.
          link.close(1013, 'too many wrong tokens were tried from there')
          return true
        }
      }
      const options = { ...{ now, fragments }, ...linkOptions, ...own }
      return createLink(socket, { hello, message: receive, silent, closed }, options)
    },

    ...{ submit: queries.submit, mayEnter: costly.may },

    /** Whether each pipeline can be asked for. */
    ready: () => versions.current().every(({ pipeline }) => isReady(pipeline)),
    isReady,

    /** Whether any node has yet to load a variant. */
    isLoading: () => [...nodes.values()].some(({ loading }) => loading.size > 0),

    node: find,
    /** A node, also one that has left, since answers name it. */
    known: (id: string) => find(id) ?? departed.find(id),

    /** Number of batches that a node has and did not answer yet. */
    batchesOn: (id: string) => nodes.has(id) ? batches.countOn(nodes.get(id)!) : 0,

    /** Bytes of results that wait for the rest of their queries. */
    heldBytes: () => batches.heldBytes,

    nodes(): NodeInfo[] {
      const { nodes: stats } = scheduler.stats()
      return [...nodes.values()].map((node) => nodeInfo(node, stats[node.id]))
    },

    /** Variants held warm by each node, as `slot pipeline task variant`. */
    held: () => [...nodes.values()].map(({ instances }) => instances),

    admin,
    rulings,
    telemetry,
    otel: options.otel,
    versions,
    /** Replaces the version of a pipeline. @throws RenewalError: then the old version goes on */
    renew: renewal.renew,
    plan: (): PlanInfo => ({ ...publicPlan(scheduler.plan()), rulings: rulings.list() }),
    stats: () => publicStats(scheduler.stats()),
    energy: () => meter.read(now()),
    isChecked: options.checked === true,
    queriesInFlight: () => queries.size,
    draining: draining.signal,
    deadlines,

    /** Takes no more queries, answers those under way, releases the nodes. */
    async drain(timeoutMs: number) {
      draining.abort()
      post({ type: 'drain' })
      const giveUpMs = now() + timeoutMs
      while (queries.size > 0 && now() < giveUpMs) await new Promise((done) => setTimeout(done, 20))
      queries.endAll()
      releaseAll([...byLink.keys()])
      deadlines.stop()
      streams.stop()
      stop()
    },
  }
}

export type Pool = ReturnType<typeof createPool>
