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
  /** Of this process alone, for its own children: it closes no door to others. */
  own?: boolean
}

export interface Keyring {
  /** The key of this text, found in the same time whichever it is, and whether or not there is one. */
  find(text: string): Key | undefined
  /** Whether a role asks for keys at all. */
  has(role: Role): boolean
  /** Whether no role does. */
  readonly empty: boolean
  /** Whether a role has several keys, so that a key tells who came with it. */
  tellsApart(role: Role): boolean
  /** Whether this one is still good. */
  holds(key: Key): boolean
  /** Takes others from now on. */
  replace(keys: readonly Key[]): void
  /** Told whenever the keys are others. Returns what ends it. */
  onChange(listener: () => void): () => void
}

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** A new key's text: its role can be seen, the rest is chance. */
export const makeKey = (role: Role): string =>
  `shoal_${role}_${randomBytes(32).toString('base64url')}`

export const mayAs = (role: Role, wanted: Role): boolean => role === wanted || role === 'admin'

export function createKeyring(keys: readonly Key[] = []): Keyring {
  let held: { key: Key; digest: Uint8Array }[] = []
  const listeners = new Set<() => void>()

  function replace(keys: readonly Key[]): void {
    held = keys.map((key) => ({ key, digest: Uint8Array.fromHex(key.sha256) }))
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
    has: (role) => held.some(({ key }) => key.role === role && !key.own),
    tellsApart: (role) => held.filter(({ key }) => key.role === role && !key.own).length > 1,
    get empty() {
      return held.every(({ key }) => key.own)
    },
    holds: ({ sha256, role }) => held.some(({ key }) => key.sha256 === sha256 && key.role === role),
    replace,
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
