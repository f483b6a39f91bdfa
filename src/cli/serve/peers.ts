/**
 * Who closed their end of a connection, as Linux tells it of all connections at once; other systems
 * tell nothing.
 *
 * @module
 */
import { isIP } from 'node:net'
import type { Peers } from '../../coordinator/core/gone.ts'

/** Between two looks, while there is anybody to look after. */
const STEP_MS = 250
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6']
/** Local port and other end of connections in state 8, CLOSE_WAIT; IPv4 as such where it is mapped. */
const CLOSED = / [\dA-F]+:([\dA-F]{4}) (?:0{16}FFFF0000)?([\dA-F]+:[\dA-F]{4}) 08 /g

/** @param ports that are served on, once they are known */
export function createPeers(ports: () => readonly number[]) {
  const watched = new Map<string, Set<() => void>>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let looking: Promise<void> | undefined

  async function look(): Promise<void> {
    const ours = ports().map(hexOf)
    for (const table of TABLES) {
      const text = await Deno.readTextFile(table).catch(() => '')
      for (const [, port = '', peer = ''] of text.matchAll(CLOSED)) {
        if (ours.includes(port)) { for (const left of [...watched.get(peer) ?? []]) left() }
      }
    }
  }

  function again(): void {
    if (watched.size === 0 || timer !== undefined || looking !== undefined) return
    timer = setTimeout(() => {
      timer = undefined
      looking = look().finally(() => {
        looking = undefined
        again()
      })
    }, STEP_MS)
  }

  return {
    watch({ hostname, port }, left) {
      const key = `${addressOf(hostname)}:${hexOf(port)}`
      const those = watched.get(key) ?? new Set()
      watched.set(key, those.add(left))
      again()
      return () => {
        those.delete(left)
        if (those.size === 0 && watched.get(key) === those) watched.delete(key)
        if (watched.size > 0) return
        clearTimeout(timer)
        timer = undefined
      }
    },
    /** Looks after nobody any more. Resolves once nothing is under way. */
    async close() {
      watched.clear()
      clearTimeout(timer)
      await looking
    },
  } satisfies Peers & { close(): Promise<void> }
}

const hexOf = (port: number) => port.toString(16).toUpperCase().padStart(4, '0')

/** As the tables have it: words of four bytes, the last byte first. */
function addressOf(hostname: string): string {
  const plain = hostname.replace(/^::ffff:(?=\d+\.)/i, '')
  const bytes = isIP(plain) === 4 ? plain.split('.').map(Number) : bytesOf(plain)
  const hex = bytes.map((byte) => byte.toString(16).toUpperCase().padStart(2, '0'))
  return Array.from({ length: hex.length / 4 }, (_, i) => hex.slice(4 * i, 4 * i + 4).reverse())
    .flat().join('')
}

/** Of an address of IPv6; none where it cannot be read. */
function bytesOf(address: string): number[] {
  const [head = '', tail = ''] = URL.parse(`http://[${address}]`)?.hostname.slice(1, -1)
    .split('::') ?? []
  const groups = (text: string) => text === '' ? [] : text.split(':')
  const [left, right] = [groups(head), groups(tail)]
  const all = [...left, ...Array(8 - left.length - right.length).fill('0'), ...right]
  return all.flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 255])
}
