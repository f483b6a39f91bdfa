/**
 * Callers, as far as the network identifies them.
 *
 * @module
 */
import type { Context } from 'hono'
import type { Holder } from '../../core/shares.ts'
import { hostOf, isOwnHost, mayLink } from '../origin.ts'

export interface Caller {
  /** The address that limits count by: an IPv4 address, or the first half of an IPv6 address. */
  address: string
  /** Whether the caller is on this machine, without a proxy, and no foreign page in its browser. */
  local: boolean
}

/**
 * The context's field that holds the caller that a call counts for, for what follows the check of
 * access.
 */
const ADDRESS = 'address'

export const leaveAddress = (c: Context, address: Holder): void => c.set(ADDRESS, address)

/** The key that a call came with, else its address; `undefined` for this machine without a key. */
export const leftAddress = (c: Context): Holder => c.get(ADDRESS)

export const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|::ffff:127(\.\d{1,3}){3})$/
/** The header that proxies add: the caller is then behind the connection's other end. */
const FORWARDED = 'x-forwarded-for'
const ALSO_FORWARDED = ['forwarded', 'x-real-ip', 'via']
/** Hosts whose check is remembered: parsing a name takes a while. */
const MAX_HOSTS = 100

/**
 * Identifies callers by the connection that `Deno.serve` reports; without a socket no caller is
 * local.
 *
 * @param hosts names and addresses, besides loopback, under which this coordinator is reached
 * @param origins of applications that may ask from a browser
 */
export function createCallers(
  hosts: readonly string[],
  origins: readonly string[],
): (c: Context) => Caller {
  const checked = new Map<string, boolean>()

  function isOurs(host: string): boolean {
    let is = checked.get(host)
    if (is === undefined) {
      is = isOwnHost(host, hosts)
      if (checked.size < MAX_HOSTS) checked.set(host, is)
    }
    return is
  }

  return (c) => {
    const { remoteAddr } = (c.env ?? {}) as { remoteAddr?: Deno.Addr }
    const hostname = remoteAddr?.transport === 'tcp' ? remoteAddr.hostname : undefined
    if (hostname === undefined || !LOOPBACK.test(hostname)) {
      return { address: groupOf(hostname ?? 'unknown'), local: false }
    }
    // A proxy on this machine appends its caller's address; entries before that may be forged.
    const forwarded = c.req.header(FORWARDED)
    const last = forwarded?.split(',').at(-1)?.trim()
    const isDirect = forwarded === undefined &&
      !ALSO_FORWARDED.some((name) => c.req.header(name) !== undefined)
    const host = hostOf(c.req)
    const origin = c.req.header('origin')
    const isWelcome = mayLink(origin, host, hosts) || origins.includes(origin ?? '')
    return {
      address: groupOf(last || hostname),
      local: isDirect && isOurs(host) && isWelcome,
    }
  }
}

/**
 * The address to count by: a caller with one IPv6 address has 2^64 of them. Some proxies add a
 * port.
 */
export function groupOf(text: string): string {
  const address = text.replace(/^(?:\[([^\]]*)\]|(\d+(?:\.\d+){3}))(?::\d+)?$/, '$1$2')
  if (!address.includes(':') || /^::ffff:\d+\./i.test(address)) {
    return address.replace(/^::ffff:/i, '').slice(0, 64)
  }
  const [head = '', tail = ''] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === '' ? [] : tail.split(':')
  const gap = address.includes('::') ? Array(Math.max(0, 8 - left.length - right.length)) : []
  return [...left, ...gap.fill('0'), ...right].slice(0, 4).join(':').slice(0, 64).toLowerCase()
}
