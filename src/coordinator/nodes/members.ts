/**
 * The key of each link. A node whose key is taken back has to leave, and no node takes the place of
 * a node with another key.
 *
 * @module
 */
import { CLOSE } from '../../protocol/mod.ts'
import type { Key, Keyring } from '../core/keys.ts'
import type { Link } from './link.ts'

export interface Members {
  /**
   * Whether a link may join.
   *
   * @param key null where it needs none, as on this machine; `undefined` where it may not join
   */
  enter(link: Link, key: Key | null | undefined): boolean
  /** Whether both links have the same key, or none; if not, the newer link is closed. */
  mayReplace(old: Link, newer: Link): boolean
  remove(link: Link): void
}

export function createMembers(keyring: Keyring): Members {
  const keys = new Map<Link, Key | null>()

  keyring.onChange(() => {
    for (const [link, key] of [...keys]) {
      if (key === null ? !keyring.has('node') : keyring.holds(key)) continue
      link.refuse(CLOSE.unauthorized, {
        reason: 'unauthorized',
        message: 'Cannot let this node stay: its token is no longer one of ours',
      })
    }
  })

  return {
    enter(link, key) {
      if (key !== undefined) keys.set(link, key)
      return key !== undefined
    },
    mayReplace(old, newer) {
      const same = keys.get(old)?.sha256 === keys.get(newer)?.sha256
      if (!same) newer.close(1013, 'a node that came with another key has this id')
      return same
    },
    remove: (link) => void keys.delete(link),
  }
}
