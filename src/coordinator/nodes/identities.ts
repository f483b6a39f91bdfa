/**
 * Whose id an id is. A node makes a secret when it first joins, and shows this coordinator what it
 * derives from it for this one alone; from then on the id is its own, and so is what was learned of it.
 *
 * @module
 */
import { CLOSE, type Hello } from '../../protocol/mod.ts'
import { hashOf } from '../core/keys.ts'
import type { Link } from './link.ts'

export interface Identities {
  /**
   * The hello under the id that the node comes in by: its own; another one of its own where its secret
   * is not that of the id; none, and the link is closed, where the id has a secret and it shows none.
   */
  claim(link: Pick<Link, 'refuse'>, hello: Hello): Hello | undefined
  /** What came since this was asked last: ids, and hashes of their secrets. */
  news(): [id: string, sha256: string][]
}

/** Those that joined last; as many as the store keeps, and those of a long run besides. */
const MOST = 50_000
/** As ids of nodes are that they make themselves. */
const ID_LENGTH = 32

/** @param kept from earlier runs, as `news` told it */
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
          'Cannot let this node in: its id is that of one with a secret, which it does not show',
        remedy: 'update the node, or give it another --name',
      })
      return undefined
    },
    news() {
      const told = [...news]
      news = new Map()
      return told
    },
  }
}
