/**
 * What `deno task start` is told on its command line, checked.
 *
 * @module
 */
import { parseArgs } from 'node:util'
import { LOG_FORMATS, LOG_LEVELS } from '../../coordinator/core/log.ts'
import { PREFERENCES } from '../../policy/core/elastic.ts'
import { POLICY_NAMES } from '../../peers/policies.ts'
import { addressNamed, hostNamed } from './own_hosts.ts'
import {
  findSettings,
  type FoundSettings,
  type Setting,
  settingLines,
  type Settings,
  SettingsError,
} from './settings.ts'
import { STORE } from './store.ts'
import { COMMAND } from '../root.ts'

const USAGE = `${COMMAND} start [options]
  --port 8787         port to serve on
  --host 127.0.0.1    address to serve on; 0.0.0.0 lets other machines in, with a token
  --token TOKEN       what nodes join with; SHOAL_TOKEN others here cannot see
  --client-key KEY    what applications ask with
  --admin-key KEY     what admins watch and change the pool with
  --keys FILE         more of all three, made by ${COMMAND} keys; .shoal/keys.json
                      if absent
  --allow-origin URL  an application that may ask from a browser; may be repeated
  --allow-embed URL   a site whose pages may show the join page in a frame; may be repeated
  --nodes 1           Deno nodes to start on this machine; 0 for none
  --backend auto      what they run models on: auto (measured), wasm, webgpu, or native, which is
                      fetched once
  --memory MB         memory that each of these nodes takes at most; by default they take a quarter of
                      this machine's together
  --pipeline DIR      folder of a pipeline to serve; may be repeated; all of profiles/ if absent
  --code              the local nodes run programs that pipelines bring, too
  --watch             reload a pipeline when files of its folder change; SIGHUP reloads all of them
  --policy shoal      rules to plan and route by; to compare with: static, inferline, proteus, loki,
                      loki-published, which need a slot for each task at least
  --prefer balanced   what the pool is run for: frugal uses least, sooner all that is lent; a pipeline
                      or query may say otherwise
  --store FILE        keeps what is learned of nodes over a restart; off for none; by default
                      .shoal/coordinator.sqlite
  --webhooks public   any lets those of jobs go to private addresses, whoever asks for them
  --trust on          off takes every node's word; on checks those that this command did not start
  --audit on          a worker of lowest priority judges what such nodes say, once one has joined;
                      off leaves that to local nodes, or to three keys or addresses that agree
  --allow-host NAME   a name, besides this machine's addresses, under which pages may join; may be
                      repeated
  --tls off           self makes a certificate, so that browsers elsewhere give pages all they can
  --tls-cert FILE     a certificate of your own (PEM), with --tls-key FILE
  --log-level info    debug tells of each query; warn and error say less
  --log-format text   json writes one object a line
  --settings FILE     settings by the names above, as {"port": 8787, "watch": true}; shoal.json of
                      this folder if absent
  --print-settings    say what holds and where it was said, and end
Each may be a variable, too: SHOAL_PORT, SHOAL_ALLOW_HOST (several with commas between). A flag goes
before a variable, that before the file.`

/** Says what is wrong, and ends. */
export function fail(message: string): never {
  console.error(message)
  Deno.exit(1)
}

type Told = { value: string; from: string }

function integer({ value, from }: Told, most: number, least = 0): number {
  if (/^\d{1,6}$/.test(value) && Number(value) <= most && Number(value) >= least) {
    return Number(value)
  }
  return fail(
    `Cannot use ${from}: must be an integer ${least}..${most}: received ${value}\n\n${USAGE}`,
  )
}

const oneOf = <T extends string>({ value, from }: Told, known: readonly T[]): T =>
  known.find((one) => one === value) ??
    fail(`Cannot use ${from}: must be one of ${known.join(', ')}: received ${value}`)

function originOf(text: string, from: string): string {
  const url = URL.parse(text)
  if (url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) {
    return url.origin
  }
  return fail(`Cannot use ${from}: must be as https://app.example: received ${text}`)
}

/** As a content policy takes it, where a star would stand for any name. */
function embedderOf(text: string, from: string): string {
  const origin = originOf(text, from)
  if (/^https?:\/\/[\w.-]+(:\d+)?$/.test(origin)) return origin
  return fail(
    `Cannot use ${from}: must name one site, as https://site.example, without * or an address of ` +
      `IPv6: received ${text}`,
  )
}

const allowedHost = (text: string, from: string): string =>
  hostNamed(text) ?? fail(`Cannot use ${from}: must be a name as pool.example: received ${text}`)

const address = ({ value, from }: Told): string =>
  addressNamed(value) ??
    fail(`Cannot use ${from}: must be an address as 127.0.0.1 or ::1: received ${value}`)

const text = (usual: string) => ({ type: 'string', default: usual }) as const
const SETTINGS = {
  port: text('8787'),
  host: text('127.0.0.1'),
  token: { type: 'string', secret: true },
  'client-key': { type: 'string', secret: true },
  'admin-key': { type: 'string', secret: true },
  keys: { type: 'string' },
  'allow-origin': { type: 'string', multiple: true },
  'allow-embed': { type: 'string', multiple: true },
  nodes: text('1'),
  backend: text('auto'),
  memory: { type: 'string' },
  pipeline: { type: 'string', multiple: true },
  watch: { type: 'boolean', default: false },
  code: { type: 'boolean', default: false },
  policy: text('shoal'),
  prefer: text('balanced'),
  trust: text('on'),
  audit: text('on'),
  store: text(STORE),
  webhooks: text('public'),
  'allow-host': { type: 'string', multiple: true },
  tls: text('off'),
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'log-level': text('info'),
  'log-format': text('text'),
} as const satisfies Settings

/** Where settings are looked for in the folder that the command is run in. */
const FILE = 'shoal.json'

/** Flags have no default of their own: what they leave open others may say. */
const FLAGS = Object.fromEntries(
  Object.entries<Setting>(SETTINGS).map(([name, { type, multiple }]) => [
    name,
    multiple ? { type, multiple } : { type },
  ]),
)

function found(): FoundSettings {
  const { values: { help, settings: named, 'print-settings': print, ...flags } } = parseArgs({
    args: Deno.args,
    options: {
      ...FLAGS,
      settings: { type: 'string' },
      'print-settings': { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
  if (help) {
    console.log(USAGE)
    Deno.exit(0)
  }
  const name = String(named ?? FILE)
  let content: string | undefined
  try {
    content = Deno.readTextFileSync(name)
  } catch (error) {
    if (named !== undefined || !(error instanceof Deno.errors.NotFound)) {
      fail(`Cannot read ${name}: ${(error as Error).message}`)
    }
  }
  const found = findSettings(SETTINGS, flags, (one) => Deno.env.get(one), { name, text: content })
  if (print) {
    for (const line of settingLines(SETTINGS, found)) console.log(line)
    Deno.exit(0)
  }
  return found
}

/** Ends with what is wrong where anything cannot be used; `--help` prints the usage and ends. */
export function startOptions() {
  let all: FoundSettings
  try {
    all = found()
  } catch (error) {
    const message = (error as Error).message
    return fail(error instanceof SettingsError ? message : `${message}\n\n${USAGE}`)
  }
  const told = (name: keyof typeof SETTINGS) => all[name] as Told
  const maybe = (name: keyof typeof SETTINGS) => all[name]!.value as string | undefined
  const list = (name: keyof typeof SETTINGS) => all[name]!.value as string[]
  const is = (name: keyof typeof SETTINGS) => all[name]!.value as boolean
  const dirs = list('pipeline')
  const store = told('store').value
  return {
    port: integer(told('port'), 65_535),
    nodes: integer(told('nodes'), 64),
    backend: oneOf(told('backend'), ['auto', 'wasm', 'webgpu', 'native']),
    memoryMb: maybe('memory') === undefined ? undefined : integer(told('memory'), 999_999, 1),
    host: address(told('host')),
    policy: oneOf(told('policy'), POLICY_NAMES),
    prefer: oneOf(told('prefer'), PREFERENCES),
    trust: oneOf(told('trust'), ['on', 'off']) === 'on',
    audit: oneOf(told('audit'), ['on', 'off']) === 'on',
    store: store === 'off' ? undefined : store,
    nearWebhooks: oneOf(told('webhooks'), ['public', 'any']) === 'any',
    dirs: dirs.length > 0 ? dirs : undefined,
    watch: is('watch'),
    code: is('code'),
    allowHosts: list('allow-host').map((one) => allowedHost(one, told('allow-host').from)),
    allowOrigins: list('allow-origin').map((one) => originOf(one, told('allow-origin').from)),
    allowEmbeds: list('allow-embed').map((one) => embedderOf(one, told('allow-embed').from)),
    keys: {
      token: maybe('token'),
      clientKey: maybe('client-key'),
      adminKey: maybe('admin-key'),
      file: maybe('keys'),
    },
    tls: { tls: told('tls').value, cert: maybe('tls-cert'), key: maybe('tls-key') },
    level: oneOf(told('log-level'), LOG_LEVELS),
    format: oneOf(told('log-format'), LOG_FORMATS),
  }
}
