/**
 * `deno task start`: the coordinator and local nodes, ready to answer.
 *
 * @module
 */
import './deno_version.ts'
import { takesDocument } from '../pipeline/documents.ts'
import { takesText } from '../pipeline/generate.ts'
import { queryTensors } from '../pipeline/takes.ts'
import { gathers } from '../pipeline/tree.ts'
import { CODE, taskOnNone } from '../pipeline/runs_on.ts'
import { ApiError } from '../coordinator/core/api_error.ts'
import { createLog } from '../coordinator/core/log.ts'
import { ForeignFileError } from '../coordinator/store/ours.ts'
import { buildAssets } from './serve/build_assets.ts'
import { type Coordinator, startCoordinator } from './serve/coordinator.ts'
import { loadPipelines, pipelineDirs } from './pipelines/load.ts'
import { createAudit, withoutAuditor } from './serve/audit.ts'
import { memoryMbOf, startLocalNodes } from './serve/local_nodes.ts'
import { endWithLastExport, loadOtel, otelWarning } from './serve/otel.ts'
import { joinLines, joinLink } from './serve/join_lines.ts'
import { qrLines } from './serve/join_qr.ts'
import { surviveFaults } from './serve/last_resort.ts'
import { isLoopback, ownHosts } from './serve/own_hosts.ts'
import { nativeEngine } from './node/native_engine.ts'
import { modelsFault } from './pipelines/models_fault.ts'
import { createEnding } from './ending.ts'
import { createSteps } from './steps.ts'
import { missingKeys, startKeys } from './serve/keys.ts'
import { fail, startOptions } from './serve/start_options.ts'
import { rehearsalSamples } from './serve/rehearse.ts'
import { warmUp } from './serve/warm_up.ts'
import { watchFolders } from './serve/watch_folders.ts'
import { readTls } from './serve/tls.ts'
import { createOwnToken, trustOptions } from './serve/trust.ts'
import { COMMAND } from './root.ts'

/** Measured by `deno task bench backends`. */
const NATIVE = 'start --backend native  reads pages three to five times as fast: ' +
  'fetches the native build of ONNX Runtime once, 288 MB'

/** What to do about an address that cannot be had. @throws the error itself where it is another */
function addressFault(error: Error): string {
  const { AddrInUse, AddrNotAvailable, PermissionDenied } = Deno.errors
  if (error instanceof AddrInUse) return `port ${port}: it is in use. Name another with --port`
  if (error instanceof AddrNotAvailable || /lookup address/.test(error.message)) {
    return `${host}: it is no address of this machine. Name one with --host`
  }
  if (error instanceof PermissionDenied) {
    return `port ${port}: it may not be used. Name one from 1024 on with --port`
  }
  throw error
}

const { port, host, policy, prefer, nodes, backend, memoryMb, dirs, watch, code, ...more } =
  startOptions()
const { allowHosts, allowOrigins, allowEmbeds, tls: wanted, ...chosen } = more
const log = createLog(chosen.level, chosen.format, (line) => console.error(line))
const steps = createSteps(log)
const tls = await readTls(wanted, [...ownHosts(host), ...allowHosts])
  .catch((error) => fail(error.message))

const missing = await missingKeys(chosen.keys)
if (missing !== undefined) log(missing, 'warn')
const keys = await startKeys(chosen.keys, host, (line) => log(line, 'warn')).catch((error) =>
  fail(error.message)
)

const otel = await loadOtel()
const warning = otel && otelWarning()
if (warning !== undefined) log(warning, 'warn')

const loaded = await steps.run(
  'preparing models',
  (report) => pipelineDirs().then((all) => loadPipelines(dirs ?? all, report)),
).catch((error) => fail(modelsFault(error)))
// Who names a pipeline is told by the policy that it cannot.
const pipelines = policy === 'shoal' || dirs !== undefined
  ? loaded
  : loaded.filter(({ pipeline }) => !gathers(pipeline))
if (pipelines.length < loaded.length) {
  steps.say(`pipelines with tasks that gather are left out: policy ${policy} cannot run them`)
}

const { isOwn } = createOwnToken(keys.ownToken)
const trust = chosen.trust
  ? await trustOptions(pipelines).catch((error) => fail(error.message))
  : undefined

if (backend === 'native' && nodes > 0) {
  await steps.run('preparing the native engine', (report) => nativeEngine(report))
    .catch((error) => fail(error.message))
}
const coding = code ? ['--code'] : []
const isChecked = trust !== undefined && policy === 'shoal'
const audit = createAudit({ url: () => localUrl, token: keys.auditorToken, args: coding, log })
if (isChecked && !chosen.audit) log(withoutAuditor(nodes), 'warn')

const samples = nodes > 0 && policy === 'shoal'
  ? await rehearsalSamples(pipelines).catch((error) => fail(error.message))
  : undefined
let coordinator: Coordinator
try {
  coordinator = startCoordinator({
    pipelines,
    host,
    port,
    allowHosts,
    allowOrigins,
    allowEmbeds,
    policy,
    prefer,
    keyring: keys.keyring,
    log,
    isOwn,
    hedge: true,
    nearWebhooks: chosen.nearWebhooks,
    ...(trust === undefined ? {} : { trust }),
    ...(isChecked && chosen.audit ? audit.options : {}),
    ...(otel === undefined ? {} : { otel }),
    ...(chosen.store === undefined ? {} : { store: chosen.store }),
    ...(samples === undefined ? {} : { samples }),
    assets: await steps.run('building pages', () => buildAssets()),
    ...(tls === undefined ? {} : { tls }),
  })
} catch (error) {
  if (error instanceof ForeignFileError) fail(error.message)
  fail(`Cannot serve on ${addressFault(error as Error)}`)
}
surviveFaults(log)
const { url, localUrl, pool } = coordinator
const nodeMb = memoryMb ?? memoryMbOf(Math.max(1, nodes))
if (nodes > 0 && nodeMb === undefined) {
  steps.say('nodes have no limit of memory: give --memory MB, or --allow-sys=systemMemoryInfo')
} else if (nodes > 0) {
  const whose = memoryMb === undefined ? ', by the memory of this machine; --memory MB sets it' : ''
  steps.say(`each node takes ${nodeMb} MB of memory at most${whose}`)
}
const local = startLocalNodes(
  localUrl,
  nodes,
  log,
  keys.ownToken,
  [
    ...['--backend', backend],
    ...nodeMb === undefined ? [] : ['--memory', String(nodeMb)],
    ...coding,
  ],
)

async function stop() {
  steps.say('stopping: answering what is inside')
  keys.stop()
  await coordinator.close()
  await Promise.all([local.stop(), audit.stop()])
  if (otel !== undefined) await endWithLastExport()
  Deno.exit(0)
}
const end = createEnding<void>(() => void stop())
Deno.addSignalListener('SIGTERM', () => end())
Deno.addSignalListener('SIGINT', () => end())
const reload = (name: string) =>
  void coordinator.reload(name).catch((error) => {
    // What is wrong with a folder was told.
    if (!(error instanceof ApiError)) log(`fault: ${error.stack}`, 'error', { event: 'fault' })
  })
if (Deno.build.os !== 'windows') {
  const hadTerminal = Deno.stdin.isTerminal()
  Deno.addSignalListener('SIGHUP', () => {
    // A terminal that was closed sends the same: nobody is left who could stop it.
    if (hadTerminal && !Deno.stdin.isTerminal()) end()
    else for (const { pipeline } of pipelines) reload(pipeline.name)
  })
}
if (watch) watchFolders(pipelines, reload)

const trees = pipelines.map(({ pipeline }) => pipeline)
const programs = trees.flatMap(({ tasks }) => Object.values(tasks))
  .filter(({ kind }) => kind === CODE)
const holdsAll = policy === 'shoal' && (code || programs.length === 0)
if (nodes > 0) {
  await steps.run(
    `${nodes} node${nodes > 1 ? 's' : ''} joining`,
    () => warmUp({ pool, holdsAll }),
  )
  if (programs.length > 0 && !code) {
    steps.say('programs that pipelines bring run on nodes that allow it: here, start with --code')
  } else if (!pool.ready()) {
    const remedy = holdsAll
      ? taskOnNone(trees, pool.nodes()) ?? 'see above what nodes could not load'
      : `${policy} needs a slot for each, raise --nodes`
    steps.say(`not every task is served yet: ${remedy}`)
  }
}
if (nodes > 0 && backend !== 'native') steps.say(NATIVE)
for (const { pipeline } of pipelines) {
  const what = takesText(pipeline)
    ? 'a text'
    : queryTensors(pipeline) !== undefined
    ? 'tensors'
    : takesDocument(pipeline)
    ? 'a document'
    : 'a picture'
  console.log(`${url}/v1/pipelines/${pipeline.name}/infer  send ${what} here (POST)`)
}
console.log(`${url}/  the pool at a glance`)
console.log(`${url}/try  ask about a picture of yours`)
console.log(`${url}/v1/pipelines  what is served`)
console.log(`${url}/v1/nodes  who serves`)
console.log(`${url}/v1/plan  the plan in force`)
console.log(`${url}/v1/stats  counters`)
console.log(`${url}/docs  every call; /openapi.json, /metrics and /v2 are for machines`)
// What is no terminal may be a journal, which others read.
const shownToken = Deno.stdout.isTerminal() ? keys.joinToken : undefined
const asked = keys.keyring.has('node')
  ? { token: shownToken, tokenIs: keys.joinTokenIs }
  : undefined
if (!isLoopback(host)) {
  const open = (['client', 'admin'] as const).filter((role) => !keys.keyring.has(role))
  for (const role of open) {
    const what = role === 'client' ? 'ask the pool' : 'see the dashboard'
    console.log(`others ${what} with a key: ${COMMAND} keys add --role ${role} --name NAME`)
  }
}
for (const line of joinLines(url, host, allowHosts, tls, asked)) console.log(line)
const link = Deno.stdout.isTerminal() ? joinLink(url, host, allowHosts, asked) : undefined
for (const line of link === undefined ? [] : qrLines(link)) console.log(line)
