/**
 * `deno task start`: the coordinator and local nodes, ready to answer.
 *
 * @module
 */
import './deno_version.ts'
import { parseArgs } from 'node:util'
import { queryTensors } from '../pipeline/takes.ts'
import { CODE, taskOnNone } from '../pipeline/runs_on.ts'
import { POLICY_NAMES } from '../policy/policies.ts'
import { ApiError } from '../coordinator/api_error.ts'
import { createLog, LOG_FORMATS, LOG_LEVELS } from '../coordinator/log.ts'
import { ForeignFileError } from '../coordinator/store/ours.ts'
import { buildAssets } from './serve/build_assets.ts'
import { type Coordinator, startCoordinator } from './serve/coordinator.ts'
import { loadPipelines, pipelineDirs } from './pipelines/load.ts'
import { createAudit, withoutAuditor } from './serve/audit.ts'
import { startLocalNodes } from './serve/local_nodes.ts'
import { joinLines } from './serve/join_lines.ts'
import { surviveFaults } from './serve/last_resort.ts'
import { addressNamed, hostNamed, isLoopback, ownHosts } from './serve/own_hosts.ts'
import { nativeEngine } from './node/native_engine.ts'
import { modelsFault } from './pipelines/models_fault.ts'
import { createEnding } from './ending.ts'
import { createSteps } from './steps.ts'
import { keyWishOf, missingKeys, startKeys } from './serve/keys.ts'
import { STORE } from './serve/store.ts'
import { warmUp } from './serve/warm_up.ts'
import { watchFolders } from './serve/watch_folders.ts'
import { readTls } from './serve/tls.ts'
import { createOwnToken, trustOptions } from './serve/trust.ts'

const USAGE = `deno task start [options]
  --port 8787         port to serve on
  --host 127.0.0.1    address to serve on; 0.0.0.0 lets other machines in, with a token
  --token TOKEN       what nodes join with; also SHOAL_TOKEN, which others here cannot see
  --client-key KEY    what applications ask with; also SHOAL_CLIENT_KEY
  --admin-key KEY     what admins watch and change the pool with; also SHOAL_ADMIN_KEY
  --keys FILE         more of all three, made by deno task keys; also SHOAL_KEYS; .shoal/keys.json
                      if absent
  --allow-origin URL  an application that may ask from a browser; may be repeated
  --nodes 1           Deno nodes to start on this machine; 0 for none
  --backend auto      what they run models on: auto (measured), wasm or native, which is fetched once
  --memory MB         memory that each of these nodes takes at most
  --pipeline DIR      folder of a pipeline to serve; may be repeated; all of profiles/ if absent
  --code              the local nodes run programs that pipelines bring, too
  --watch             reload a pipeline when files of its folder change; SIGHUP reloads all of them
  --policy shoal      rules to plan and route by; to compare with: static, inferline, proteus, loki,
                      loki-published, which need a slot for each task at least
  --store FILE        keeps what is learned of nodes over a restart; off for none; by default
                      .shoal/coordinator.sqlite
  --trust on          off takes every node's word; on checks those that this command did not start
  --audit on          a worker of lowest priority judges what such nodes say, once one has joined;
                      off leaves that to local nodes, or to three keys or addresses that agree
  --allow-host NAME   a name, besides this machine's addresses, under which pages may join; may be
                      repeated
  --tls off           self makes a certificate, so that browsers elsewhere give pages all they can
  --tls-cert FILE     a certificate of your own (PEM), with --tls-key FILE
  --log-level info    debug tells of each query; warn and error say less
  --log-format text   json writes one object a line`

/** Measured by `deno task bench backends`. */
const NATIVE = 'start --backend native  reads pages three to five times as fast: ' +
  'fetches the native build of ONNX Runtime once, 288 MB'

function fail(message: string): never {
  console.error(message)
  Deno.exit(1)
}

function integer(name: string, text: string, most: number, least = 0): number {
  if (/^\d{1,6}$/.test(text) && Number(text) <= most && Number(text) >= least) return Number(text)
  return fail(
    `Cannot use --${name}: must be an integer ${least}..${most}: received ${text}\n\n${USAGE}`,
  )
}

function oneOf<T extends string>(name: string, known: readonly T[], text: string): T {
  return known.find((one) => one === text) ??
    fail(`Cannot use --${name}: must be one of ${known.join(', ')}: received ${text}`)
}

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

function originOf(text: string): string {
  const url = URL.parse(text)
  if (url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) {
    return url.origin
  }
  return fail(`Cannot use --allow-origin: must be as https://app.example: received ${text}`)
}

const allowedHost = (text: string): string =>
  hostNamed(text) ??
    fail(`Cannot use --allow-host: must be a name as pool.example: received ${text}`)

const address = (text: string): string =>
  addressNamed(text) ??
    fail(`Cannot use --host: must be an address as 127.0.0.1 or ::1: received ${text}`)

function options() {
  try {
    const { values } = parseArgs({
      args: Deno.args,
      options: {
        port: { type: 'string', default: '8787' },
        host: { type: 'string', default: '127.0.0.1' },
        token: { type: 'string' },
        'client-key': { type: 'string' },
        'admin-key': { type: 'string' },
        keys: { type: 'string' },
        'allow-origin': { type: 'string', multiple: true, default: [] },
        nodes: { type: 'string', default: '1' },
        backend: { type: 'string', default: 'auto' },
        memory: { type: 'string' },
        pipeline: { type: 'string', multiple: true },
        watch: { type: 'boolean', default: false },
        code: { type: 'boolean', default: false },
        policy: { type: 'string', default: 'shoal' },
        trust: { type: 'string', default: 'on' },
        audit: { type: 'string', default: 'on' },
        store: { type: 'string', default: STORE },
        'allow-host': { type: 'string', multiple: true, default: [] },
        tls: { type: 'string', default: 'off' },
        'tls-cert': { type: 'string' },
        'tls-key': { type: 'string' },
        'log-level': { type: 'string', default: 'info' },
        'log-format': { type: 'string', default: 'text' },
        help: { type: 'boolean' },
      },
    })
    if (values.help) {
      console.log(USAGE)
      Deno.exit(0)
    }
    return {
      port: integer('port', values.port, 65_535),
      nodes: integer('nodes', values.nodes, 64),
      backend: oneOf('backend', ['auto', 'wasm', 'native'], values.backend),
      memoryMb: values.memory === undefined
        ? undefined
        : integer('memory', values.memory, 999_999, 1),
      host: address(values.host),
      policy: oneOf('policy', POLICY_NAMES, values.policy),
      trust: oneOf('trust', ['on', 'off'], values.trust) === 'on',
      audit: oneOf('audit', ['on', 'off'], values.audit) === 'on',
      store: values.store === 'off' ? undefined : values.store,
      dirs: values.pipeline,
      watch: values.watch,
      code: values.code,
      allowHosts: values['allow-host'].map(allowedHost),
      allowOrigins: values['allow-origin'].map(originOf),
      keys: {
        token: values.token,
        clientKey: values['client-key'],
        adminKey: values['admin-key'],
        file: values.keys,
      },
      tls: { tls: values.tls, cert: values['tls-cert'], key: values['tls-key'] },
      level: oneOf('log-level', LOG_LEVELS, values['log-level']),
      format: oneOf('log-format', LOG_FORMATS, values['log-format']),
    }
  } catch (error) {
    return fail(`${(error as Error).message}\n\n${USAGE}`)
  }
}

const { port, host, policy, nodes, backend, memoryMb, dirs, watch, code, ...more } = options()
const { allowHosts, allowOrigins, tls: wanted, ...chosen } = more
const log = createLog(chosen.level, chosen.format, (line) => console.error(line))
const steps = createSteps(log)
const tls = await readTls(wanted, [...ownHosts(host), ...allowHosts])
  .catch((error) => fail(error.message))

const keyWish = keyWishOf(chosen.keys, (name) => Deno.env.get(name))
const missing = await missingKeys(keyWish)
if (missing !== undefined) log(missing, 'warn')
const keys = await startKeys(
  keyWish,
  host,
  (line) => log(line, 'warn'),
).catch((error) => fail(error.message))

const pipelines = await steps.run(
  'preparing models',
  (report) => pipelineDirs().then((all) => loadPipelines(dirs ?? all, report)),
).catch((error) => fail(modelsFault(error)))

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

let coordinator: Coordinator
try {
  coordinator = startCoordinator({
    ...{ pipelines, host, port, allowHosts, allowOrigins, policy },
    ...{ keyring: keys.keyring, log, isOwn, hedge: true },
    ...(trust === undefined ? {} : { trust }),
    ...(isChecked && chosen.audit ? audit.options : {}),
    ...(chosen.store === undefined ? {} : { store: chosen.store }),
    assets: await steps.run('building pages', () => buildAssets()),
    ...(tls === undefined ? {} : { tls }),
  })
} catch (error) {
  if (error instanceof ForeignFileError) fail(error.message)
  fail(`Cannot serve on ${addressFault(error as Error)}`)
}
surviveFaults(log)
const { url, localUrl, pool } = coordinator
const local = startLocalNodes(
  localUrl,
  nodes,
  log,
  keys.ownToken,
  [
    ...['--backend', backend],
    ...memoryMb === undefined ? [] : ['--memory', String(memoryMb)],
    ...coding,
  ],
)

async function stop() {
  steps.say('stopping: answering what is inside')
  keys.stop()
  await coordinator.close()
  await Promise.all([local.stop(), audit.stop()])
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
    () => warmUp({ pool, nodes, trees, holdsAll }),
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
  const what = queryTensors(pipeline) === undefined ? 'a picture' : 'tensors'
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
    console.log(`others ${what} with a key: deno task keys add --role ${role} --name NAME`)
  }
}
for (const line of joinLines(url, host, allowHosts, tls, asked)) console.log(line)
