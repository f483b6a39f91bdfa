/**
 * Keys: a caller with a key may do what the key's role may. Keys are kept as hashes, so that their
 * file grants nothing.
 *
 * A plain SHA-256 is enough: keys made here are 256 random bits, which cannot be found by trying,
 * and a slow hash would make refusing strangers expensive.
 *
 * @module
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/**
 * `node` joins; `client` sends queries; `admin` watches and changes the pool, and may do all else.
 */
export const ROLES = ['node', 'client', 'admin'] as const
export type Role = typeof ROLES[number]

export interface Key {
  name: string
  role: Role
  /** Hexadecimal, of the key's text. */
  sha256: string
  /** Most calls a second, where it has a limit of its own. */
  ratePerS?: number | undefined
  /** A key of this process alone, for its own children: no role asks for keys because of it. */
  own?: boolean
}

/**
 * The key of a node that may join with a token; null where it needs none, `undefined` where it may
 * not join.
 *
 * @throws ApiError `rate_limited` where the token was not checked
 */
export type Admit = (token: string | undefined) => Key | null | undefined

export interface Keyring {
  /** The key of a text. The search takes the same time for every text. */
  find(text: string): Key | undefined
  /**
   * Whether a role asks for keys. A role that ever had keys still does when the last is taken back:
   * to take back a key must not open the role to this machine.
   */
  has(role: Role): boolean
  /** Whether no role asks for keys. */
  readonly empty: boolean
  /** Whether a role has several keys, so that keys distinguish callers. */
  distinguishes(role: Role): boolean
  /** Whether a key is still valid. */
  holds(key: Key): boolean
  /**
   * Replaces all keys.
   *
   * @param roles roles that ask for keys even if they have none
   */
  replace(keys: readonly Key[], roles?: readonly Role[]): void
  /** Calls `listener` whenever keys change. Returns a function that ends this. */
  onChange(listener: () => void): () => void
}

/** Shorter keys, chosen by people, can be guessed where nothing slows the guessing. */
export const GUESSABLE = 16

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** A new key's text: its role is readable, the rest is random. */
export const makeKey = (role: Role): string =>
  `shoal_${role}_${randomBytes(32).toString('base64url')}`

export const mayAs = (role: Role, wanted: Role): boolean => role === wanted || role === 'admin'

export function createKeyring(keys: readonly Key[] = []): Keyring {
  let held: { key: Key; digest: Uint8Array }[] = []
  const asking = new Set<Role>()
  const listeners = new Set<() => void>()

  function replace(keys: readonly Key[], roles: readonly Role[] = []): void {
    held = keys.map((key) => ({ key, digest: Uint8Array.fromHex(key.sha256) }))
    for (const role of roles) asking.add(role)
    for (const { role, own } of keys) if (!own) asking.add(role)
    for (const listener of listeners) listener()
  }

  replace(keys)
  return {
    find(text) {
      const digest = createHash('sha256').update(text).digest()
      let found: Key | undefined
      // All keys are compared, so that the time does not depend on the text.
      for (const one of held) if (timingSafeEqual(one.digest, digest)) found = one.key
      return found
    },
    has: (role) => asking.has(role),
    distinguishes: (role) => held.filter(({ key }) => key.role === role && !key.own).length > 1,
    get empty() {
      return asking.size === 0
    },
    holds: ({ sha256, role }) => held.some(({ key }) => key.sha256 === sha256 && key.role === role),
    replace,
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
