/**
 * Every benchmark by name. Each prints its table and returns what goes into the JSON.
 *
 * @module
 */
import { benchBackends } from './backends/backends.ts'
import { benchBodies } from './bodies/bodies.ts'
import { benchBeside } from './beside/beside.ts'
import { benchBlackHoles } from './blackholes/blackholes.ts'
import { benchChaos, type ChaosBenchOptions } from './chaos/chaos.ts'
import { benchChurn, type ChurnOptions } from './churn/churn.ts'
import { benchCurve } from './curve/curve.ts'
import { benchDashboard } from './dashboard/dashboard.ts'
import { benchDeadline } from './deadline/deadline.ts'
import { benchDispatch } from './dispatch/dispatch.ts'
import { benchDocuments, type DocumentsOptions } from './documents/documents.ts'
import { benchDuty } from './duty/duty.ts'
import { benchEfficiency } from './efficiency/efficiency.ts'
import { benchElastic, type ElasticOptions } from './elastic/elastic.ts'
import { benchFailover } from './failover/failover.ts'
import { benchFirst, type FirstOptions } from './first/first.ts'
import { benchGenerate } from './generate/generate.ts'
import { benchIdle } from './idle/idle.ts'
import { benchJoin } from './join/join.ts'
import { benchLive, type LiveOptions } from './live/live.ts'
import { benchMemory } from './memory/memory.ts'
import { benchOdd } from './odd/odd.ts'
import { benchOverhead } from './overhead/overhead.ts'
import { benchOverload, type OverloadOptions } from './overload/overload.ts'
import { benchPages } from './pages/pages.ts'
import { benchPlanner } from './planner/planner.ts'
import { benchRejoin } from './rejoin/rejoin.ts'
import { benchRequeue } from './requeue/requeue.ts'
import { benchRestart } from './restart/restart.ts'
import { benchShared, type SharedOptions } from './shared/shared.ts'
import { benchSoak, type SoakOptions } from './soak/soak.ts'
import { benchStreams } from './streams/streams.ts'
import { benchTelemetry } from './telemetry/telemetry.ts'
import { benchTrust } from './trust/trust.ts'
import { benchTwin } from './twin/twin.ts'
import { benchTwinLive } from './twin/twin_live.ts'
import { benchWake } from './wake/wake.ts'

/** What is asked for, of one or of several; undefined where nothing is said. */
export interface BenchOptions {
  pipeline: string | undefined
  queries: number | undefined
  policies: string[] | undefined
  trace: string | undefined
  multiples: number[] | undefined
  budgetS: number | undefined
  forS: number | undefined
  tabs: number | undefined
  nodes: number | undefined
  from: string | undefined
  svg: string | undefined
  seconds: number | undefined
  minutes: number | undefined
  ratePerS: number | undefined
  pages: number | undefined
  only: DocumentsOptions['only'] | undefined
  killEachS: number | undefined
  killsCoordinator: boolean | undefined
  to: string | undefined
  starts: number | undefined
  busy: number | undefined
}

export interface Benches {
  [name: string]: () => unknown
}

/** @returns those that run where none is named, and those that take long or need what another wrote */
export function benches(options: BenchOptions): { usual: Benches; named: Benches } {
  const { pipeline, queries, policies, trace, multiples, budgetS, forS } = options
  const { tabs, nodes, from, svg, seconds, minutes, ratePerS } = options
  const { pages, only, killEachS, killsCoordinator, to, starts, busy } = options
  const usual: Benches = {
    idle: benchIdle,
    deadline: benchDeadline,
    failover: benchFailover,
    first: () => benchFirst(given<FirstOptions>({ starts, busy })),
    generate: benchGenerate,
    backends: benchBackends,
    beside: benchBeside,
    duty: benchDuty,
    memory: benchMemory,
    wake: benchWake,
    live: () =>
      benchLive(given<LiveOptions>({
        ...{ pipeline, queries, policies, trace, multiples, budgetS, forS, tabs, nodes, from },
      })),
    shared: () => benchShared(given<SharedOptions>({ nodes, seconds })),
    elastic: () => benchElastic(given<ElasticOptions>({ seconds })),
    twin: () => from === undefined ? benchTwin() : benchTwinLive(from),
    requeue: benchRequeue,
    rejoin: benchRejoin,
    overload: () => benchOverload(given<OverloadOptions>({ seconds })),
    streams: () => benchStreams(given<{ streams: number }>({ streams: queries })),
    soak: () => benchSoak(given<SoakOptions>({ minutes, ratePerS })),
    planner: benchPlanner,
    dispatch: () => benchDispatch(policies),
    overhead: benchOverhead,
    telemetry: benchTelemetry,
    bodies: benchBodies,
    efficiency: benchEfficiency,
    odd: benchOdd,
    dashboard: benchDashboard,
    trust: benchTrust,
    blackholes: benchBlackHoles,
    restart: benchRestart,
    chaos: () => benchChaos(given<ChaosBenchOptions>({ dir: pipeline, queries })),
    churn: () => benchChurn(given<ChurnOptions>({ queries })),
    join: benchJoin,
    pages: benchPages,
  }
  const named: Benches = {
    curve: () => benchCurve(from!, svg!),
    documents: () =>
      benchDocuments(given<DocumentsOptions>({ pages, only, killEachS, killsCoordinator, to })),
  }
  return { usual, named }
}

/** What is given of these. */
function given<T extends object>(options: { [name in keyof T]: T[name] | undefined }): T {
  return Object.fromEntries(Object.entries(options).filter(([, one]) => one !== undefined)) as T
}
