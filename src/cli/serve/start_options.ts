/**
 * What `deno task start` is told on its command line, checked.
 *
 * @module
 */
import { parseArgs } from 'node:util'
import { LOG_FORMATS, LOG_LEVELS } from '../../coordinator/log.ts'
import { POLICY_NAMES } from '../../peers/policies.ts'
import { addressNamed, hostNamed } from './own_hosts.ts'
import { STORE } from './store.ts'

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

/** Says what is wrong, and ends. */
export function fail(message: string): never {
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

/** Ends with what is wrong where anything cannot be used; `--help` prints the usage and ends. */
export function startOptions() {
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
