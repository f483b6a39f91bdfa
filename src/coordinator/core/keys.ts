/**
 * Keys: who holds one may do what its role may. Kept as hashes, so that a file of them opens nothing.
 *
 * A plain SHA-256 is enough: keys made here are 256 random bits, which nobody finds by trying, and a
 * slow hash would only make refusing strangers expensive.
 *
 * @module
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** `node` joins; `client` asks; `admin` watches and changes the pool, and may do all the others may. */
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
 * The key of a node that may join with this token; null where it needs none, `undefined` is a no.
 *
 * @throws ApiError `rate_limited` where the token was not looked at
 */
export type Admit = (token: string | undefined) => Key | null | undefined

export interface Keyring {
  /** The key of this text, found in the same time whichever it is, and whether or not there is one. */
  find(text: string): Key | undefined
  /**
   * Whether a role asks for keys: one that ever had any asks on when the last is taken back, or to
   * take back a key would open the role to this machine.
   */
  has(role: Role): boolean
  /** Whether no role does. */
  readonly empty: boolean
  /** Whether a role has several keys, so that a key tells who came with it. */
  tellsApart(role: Role): boolean
  /** Whether this one is still good. */
  holds(key: Key): boolean
  /**
   * Takes others from now on.
   *
   * @param roles that ask for keys though there may be none of theirs
   */
  replace(keys: readonly Key[], roles?: readonly Role[]): void
  /** Told whenever the keys are others. Returns what ends it. */
  onChange(listener: () => void): () => void
}

/** Shorter ones, which people made up, can be guessed where nothing slows the guessing. */
export const GUESSABLE = 16

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** A new key's text: its role can be seen, the rest is chance. */
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
      // All are looked at: the time tells nothing of which was nearest.
      for (const one of held) if (timingSafeEqual(one.digest, digest)) found = one.key
      return found
    },
    has: (role) => asking.has(role),
    tellsApart: (role) => held.filter(({ key }) => key.role === role && !key.own).length > 1,
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
