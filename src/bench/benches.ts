/** Every benchmark by name. Each prints its table and returns what goes into the JSON. @module */
import { benchBackends } from './backends/backends.ts'
import { benchBlackHoles } from './blackholes/blackholes.ts'
import { benchBodies } from './bodies/bodies.ts'
import { benchChaos } from './chaos/chaos.ts'
import { benchCurve } from './curve/curve.ts'
import { benchDashboard } from './dashboard/dashboard.ts'
import { benchDeadline } from './deadline/deadline.ts'
import { benchDispatch } from './dispatch/dispatch.ts'
import { benchDocuments } from './documents/documents.ts'
import { benchDuty } from './duty/duty.ts'
import { benchEfficiency } from './efficiency/efficiency.ts'
import { benchElastic } from './elastic/elastic.ts'
import { benchFirst } from './first/first.ts'
import { benchGenerate } from './generate/generate.ts'
import { benchIdle } from './idle/idle.ts'
import { benchJoin } from './join/join.ts'
import { benchLive } from './live/live.ts'
import { benchMemory } from './memory/memory.ts'
import type { BenchOptions } from './options.ts'
import { benchOverhead } from './overhead/overhead.ts'
import { benchOverload } from './overload/overload.ts'
import { benchPages } from './pages/pages.ts'
import { benchPlanner } from './planner/planner.ts'
import { benchRejoin } from './rejoin/rejoin.ts'
import { benchRequeue } from './requeue/requeue.ts'
import { benchRestart } from './restart/restart.ts'
import { benchShared } from './shared/shared.ts'
import { benchSoak } from './soak/soak.ts'
import { benchStreams } from './streams/streams.ts'
import { benchTelemetry } from './telemetry/telemetry.ts'
import { benchTrust } from './trust/trust.ts'
import { benchTwin } from './twin/twin.ts'

export interface Benches {
  [name: string]: (options: BenchOptions) => unknown
}

/** Those that run where none is named. */
export const USUAL: Benches = {
  ...{ idle: benchIdle, deadline: benchDeadline, first: benchFirst, generate: benchGenerate },
  ...{ backends: benchBackends, duty: benchDuty, memory: benchMemory, live: benchLive },
  ...{ shared: benchShared, elastic: benchElastic, requeue: benchRequeue, rejoin: benchRejoin },
  ...{ overload: benchOverload, streams: benchStreams, soak: benchSoak, planner: benchPlanner },
  ...{ dispatch: benchDispatch, overhead: benchOverhead, telemetry: benchTelemetry },
  ...{ bodies: benchBodies, efficiency: benchEfficiency, dashboard: benchDashboard },
  ...{ trust: benchTrust, blackholes: benchBlackHoles, restart: benchRestart, chaos: benchChaos },
  ...{ join: benchJoin, pages: benchPages },
}

/** Those that take long, or need what another wrote. */
export const NAMED: Benches = { curve: benchCurve, twin: benchTwin, documents: benchDocuments }
