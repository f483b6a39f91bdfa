/**
 * Ids of nodes, each bound to a secret. A node makes its secret when it first joins, and shows each
 * coordinator a value derived for that coordinator alone. From then on its id, and the figures
 * learned under it, belong to this node alone.
 *
 * @module
 */
import { CLOSE, type Hello } from '../../protocol/mod.ts'
import { hashOf } from '../core/keys.ts'
import type { Link } from './link.ts'

export interface Identities {
  /**
   * The hello with the id that the node gets: the id it named; a new id where another secret holds
   * that one; `undefined`, and the link is closed, where the id has a secret and the node shows
   * none.
   */
  claim(link: Pick<Link, 'refuse'>, hello: Hello): Hello | undefined
  /** Ids, with the hashes of their secrets, that came since the last call. */
  news(): [id: string, sha256: string][]
}

/** Ids remembered, the latest: those that the store keeps, and those of a long run. */
const MOST = 50_000
/** Length of the ids that nodes make themselves. */
const ID_LENGTH = 32

/** @param kept ids and hashes of earlier runs, as `news` returned them */
export function createIdentities(
  kept: Iterable<readonly [string, string]> = [],
  most: number = MOST,
): Identities {
  const byId = new Map(kept)
  let news = new Map<string, string>()

  function bind(id: string, sha256: string): void {
    for (const known of [byId, news]) {
      known.delete(id)
      known.set(id, sha256)
      if (known.size > most) known.delete(known.keys().next().value!)
    }
  }

  return {
    claim(link, hello) {
      const { nodeId, secret } = hello
      if (secret !== undefined) {
        const sha256 = hashOf(secret)
        let id = nodeId
        while ((byId.get(id) ?? sha256) !== sha256) {
          id = hashOf(`${id} ${sha256}`).slice(0, ID_LENGTH)
        }
        bind(id, sha256)
        return { ...hello, nodeId: id }
      }
      if (!byId.has(nodeId)) return hello
      link.refuse(CLOSE.replaced, {
        reason: 'replaced',
        message:
          'Cannot let this node in: its id belongs to a node with a secret, which it does not show',
        remedy: 'update the node, or give it another --name',
      })
      return undefined
    },
    news() {
      const all = [...news]
      news = new Map()
      return all
    },
  }
}
