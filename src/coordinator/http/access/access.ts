/**
 * Access to the coordinator: which caller may make which call, how often, and which node may join.
 *
 * A role that has keys asks every caller for one. A role without keys is open to this machine
 * alone: to direct connections from loopback, under a name of this machine, from no foreign page.
 *
 * @module
 */
import type { Context, MiddlewareHandler } from 'hono'
import { ApiError } from '../../core/api_error.ts'
import {
  type Admit,
  createKeyring,
  GUESSABLE,
  type Key,
  type Keyring,
  mayAs,
  type Role,
} from '../../core/keys.ts'
import { MODEL_PATH } from '../../nodes/served.ts'
import { type Caller, createCallers, leaveAddress } from './caller.ts'
import { createRateLimit, type Rate } from './rate.ts'

export interface AccessLimits {
  /** Rate of calls with one key. */
  key: Rate
  /** Rate of calls without a key from one address; calls of this machine are not counted. */
  address: Rate
  /** Rate of wrong keys from one address. */
  failure: Rate
}

export const ACCESS_LIMITS: AccessLimits = {
  key: { perS: 200, burst: 400 },
  // A page and its node are some forty files; a classroom may share one address.
  address: { perS: 50, burst: 1000 },
  failure: { perS: 0.2, burst: 20 },
}

export interface AccessOptions {
  now: () => number
  keyring?: Keyring
  /** Names and addresses, besides loopback, under which this coordinator is reached. */
  hosts?: readonly string[]
  /** Origins of applications that may ask from a browser. */
  origins?: readonly string[]
  /** Paths of files for everybody. */
  isFile?: (path: string) => boolean
  limits?: Partial<AccessLimits>
}

export interface Access {
  readonly keyring: Keyring
  /** Lets a request through, or throws. @throws ApiError */
  guard: MiddlewareHandler
  caller(c: Context): Caller
  /** Hash of the key of a call, empty without one, and whether its caller is an admin. */
  holder(c: Context): { owner: string; all: boolean }
  /** Whether a call of this role would be let through. */
  allows(c: Context, role: Role): boolean
  /**
   * Calls `shut` once keys change so that the call would be refused; returns the end of the watch.
   */
  watch(c: Context, role: Role, shut: () => void): () => void
  /** The check of a node's token, for the link that a caller opens. */
  admits(caller: Caller): Admit
}

/** Paths for clients; other paths below `/v1/pipelines` change the pool. */
const FOR_CLIENTS =
  /^\/v1\/pipelines(\/[^/]+\/infer)?$|^\/v2\/repository\/index$|^\/v1\/(chat\/completions|completions|ocr|(models|jobs|files|batches)(\/.*)?)$|^\/ocr$/

/** Nodes may read the pipelines before they join: downloads may cost their volunteer. */
const FOR_NODES_TOO = '/v1/pipelines'

/** The role that a call asks for; `undefined` where it is for everybody. */
export function roleFor(
  path: string,
  isFile: (path: string) => boolean = () => false,
): Role | undefined {
  if (path.startsWith('/v2/models') || FOR_CLIENTS.test(path)) return 'client'
  if (path === '/v2' || path === '/v2/' || path.startsWith('/v2/health/')) return undefined
  // Hashes of models and programs are known only from this coordinator.
  if (path.startsWith(MODEL_PATH) || path.startsWith('/code/') || isFile(path)) return undefined
  if (path === '/docs' || path === '/docs/style.css' || path === '/openapi.json') return undefined
  // A node shows its token in its first message, where no log of addresses keeps it.
  if (path === '/v1/link') return undefined
  // The answer is whether this caller is an admin.
  if (path === '/v1/admin') return undefined
  return 'admin'
}

export function createAccess(options: AccessOptions): Access {
  const { now, keyring = createKeyring(), hosts = [], origins = [] } = options
  const { isFile = () => false } = options
  const limits = { ...ACCESS_LIMITS, ...options.limits }
  const callerOf = createCallers(hosts, origins)
  const byKey = createRateLimit(limits.key, now)
  const byAddress = createRateLimit(limits.address, now)
  const failures = createRateLimit(limits.failure, now)

  const isOpenTo = (role: Role, { local }: Caller) => local && !keyring.has(role)

  /**
   * The key of a text. A right key counts whatever others tried from its address, unless it is
   * short enough to be guessed.
   *
   * @throws ApiError `rate_limited` where too many wrong keys were tried
   */
  function find(text: string, { address }: Caller): Key | undefined {
    const key = keyring.find(text)
    if (key === undefined) failures.take(address)
    else if (text.length < GUESSABLE) failures.check(address)
    return key
  }

  /** The key of a caller that is let in; `undefined` where the role is open to it. */
  function enter(c: Context, role: Role, caller: Caller): Key | undefined {
    const text = bearerOf(c)
    if (isOpenTo(role, caller)) return text === undefined ? undefined : keyring.find(text)
    if (text === undefined) {
      byAddress.take(caller.address)
      throw keyring.empty ? fromElsewhere() : withoutKey(role)
    }
    const key = find(text, caller)
    if (key === undefined) {
      throw new ApiError('unauthorized', 'Cannot take this call: its key is not one of ours')
    }
    byKey.take(key.sha256, key.ratePerS === undefined ? undefined : rateOf(key.ratePerS))
    if (!mayAs(key.role, role) && !(key.role === 'node' && c.req.path === FOR_NODES_TOO)) {
      throw new ApiError(
        'forbidden',
        `Cannot take this call: it is for role ${role}, and this key is for ${key.role}`,
      )
    }
    return key
  }

  return {
    keyring,
    caller: callerOf,
    holder(c) {
      const key = keyring.find(bearerOf(c) ?? '')
      const all = isOpenTo('admin', callerOf(c)) || key !== undefined && mayAs(key.role, 'admin')
      return { owner: key?.sha256 ?? '', all }
    },
    allows(c, role) {
      try {
        enter(c, role, callerOf(c))
        return true
      } catch {
        return false
      }
    },
    watch(c, role, shut) {
      const caller = callerOf(c)
      const text = bearerOf(c) ?? ''
      return keyring.onChange(() => {
        const key = keyring.find(text)
        const may = key !== undefined && mayAs(key.role, role)
        // No rate is counted here: this is no call.
        if (!may && !isOpenTo(role, caller)) shut()
      })
    },
    async guard(c, next) {
      const caller = callerOf(c)
      const role = roleFor(c.req.path, isFile)
      const key = role === undefined ? undefined : enter(c, role, caller)
      if (role === undefined && !caller.local) byAddress.take(caller.address)
      leaveAddress(c, key?.sha256 ?? (caller.local ? undefined : caller.address))
      await next()
    },
    admits: (caller) => (token) => {
      const open = isOpenTo('node', caller) ? null : undefined
      if (token === undefined) return open
      try {
        const key = find(token, caller)
        return key !== undefined && mayAs(key.role, 'node') ? key : open
      } catch (error) {
        // Too many wrong keys were tried: this token was not checked.
        if (open === null) return open
        throw error
      }
    },
  }
}

const rateOf = (perS: number): Rate => ({ perS, burst: Math.max(1, 2 * perS) })

function bearerOf(c: Context): string | undefined {
  const header = c.req.header('authorization')
  if (header === undefined) return undefined
  return /^Bearer +(\S{1,512})$/i.exec(header)?.[1] ?? ''
}

const fromElsewhere = () =>
  new ApiError(
    'forbidden',
    'Cannot take this call from here: ask from the machine of the coordinator, directly and not ' +
      'from a page of another origin, or have a key made',
  )

const withoutKey = (role: Role) =>
  new ApiError(
    'unauthorized',
    `Cannot take this call without a key: send Authorization: Bearer KEY. ` +
      `Whoever runs the coordinator makes one: deno task keys add --role ${role} --name NAME`,
  )
