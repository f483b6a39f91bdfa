/**
 * Who is at the other end of a connection, as far as the network tells.
 *
 * @module
 */
import type { Context } from 'hono'
import type { Holder } from '../../core/shares.ts'
import { hostOf, isOwnHost, mayLink } from '../origin.ts'

export interface Caller {
  /** What limits count by: an IPv4 address, or the first half of one of IPv6. */
  address: string
  /** At this very machine, not through a proxy, and not a page from elsewhere in its browser. */
  local: boolean
}

/** The context's field that holds the caller that a call counts for, for what follows the check of access. */
const ADDRESS = 'address'

export const leaveAddress = (c: Context, address: Holder): void => c.set(ADDRESS, address)

/** The key that a call came with, else its address; `undefined` for this machine without a key. */
export const leftAddress = (c: Context): Holder => c.get(ADDRESS)

export const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|::ffff:127(\.\d{1,3}){3})$/
/** What proxies add: the connection's other end is then not who asks. */
const FORWARDED = 'x-forwarded-for'
const ALSO_FORWARDED = ['forwarded', 'x-real-ip', 'via']
/** Hosts remembered to be ours or not: reading a name as part of an address takes a while. */
const MAX_HOSTS = 100

/**
 * Tells callers by the connection that `Deno.serve` tells of; without a socket nobody is local.
 *
 * @param hosts names and addresses, besides loopback, under which this coordinator is reached
 * @param origins of applications that may ask from a browser
 */
export function createCallers(
  hosts: readonly string[],
  origins: readonly string[],
): (c: Context) => Caller {
  const known = new Map<string, boolean>()

  function isOurs(host: string): boolean {
    let is = known.get(host)
    if (is === undefined) {
      is = isOwnHost(host, hosts)
      if (known.size < MAX_HOSTS) known.set(host, is)
    }
    return is
  }

  return (c) => {
    const { remoteAddr } = (c.env ?? {}) as { remoteAddr?: Deno.Addr }
    const hostname = remoteAddr?.transport === 'tcp' ? remoteAddr.hostname : undefined
    if (hostname === undefined || !LOOPBACK.test(hostname)) {
      return { address: groupOf(hostname ?? 'unknown'), local: false }
    }
    // A proxy on this machine writes at the end whom it heard; what stands before is hearsay.
    const forwarded = c.req.header(FORWARDED)
    const told = forwarded?.split(',').at(-1)?.trim()
    const isDirect = forwarded === undefined &&
      !ALSO_FORWARDED.some((name) => c.req.header(name) !== undefined)
    const host = hostOf(c.req)
    const origin = c.req.header('origin')
    const isWelcome = mayLink(origin, host, hosts) || origins.includes(origin ?? '')
    return {
      address: groupOf(told || hostname),
      local: isDirect && isOurs(host) && isWelcome,
    }
  }
}

/** Whoever has one address of IPv6 has 2^64 of them. Some proxies tell the port, too. */
export function groupOf(told: string): string {
  const address = told.replace(/^(?:\[([^\]]*)\]|(\d+(?:\.\d+){3}))(?::\d+)?$/, '$1$2')
  if (!address.includes(':') || /^::ffff:\d+\./i.test(address)) {
    return address.replace(/^::ffff:/i, '').slice(0, 64)
  }
  const [head = '', tail = ''] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === '' ? [] : tail.split(':')
  const gap = address.includes('::') ? Array(Math.max(0, 8 - left.length - right.length)) : []
  return [...left, ...gap.fill('0'), ...right].slice(0, 4).join(':').slice(0, 64).toLowerCase()
}
