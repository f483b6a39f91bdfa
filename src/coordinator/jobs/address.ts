/**
 * Addresses that webhooks may call: a URL from a stranger must not make this machine call its own
 * network.
 *
 * @module
 */
import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'
import { ApiError } from '../core/api_error.ts'

/** Addresses that the internet routes: of IPv6 one eighth is assigned to single hosts. */
const ROUTED = new BlockList()
ROUTED.addSubnet('0.0.0.0', 0, 'ipv4')
ROUTED.addSubnet('2000::', 3, 'ipv6')
/**
 * Exceptions: every block of IANA's registries of special-purpose addresses, and those for
 * multicast: https://www.iana.org/assignments/iana-ipv4-special-registry and
 * iana-ipv6-special-registry, 2025.
 */
const SPECIAL = new BlockList()
for (
  const block of [
    ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16'],
    ...['172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24', '192.31.196.0/24', '192.52.193.0/24'],
    ...['192.88.99.0/24', '192.168.0.0/16', '192.175.48.0/24', '198.18.0.0/15'],
    ...['198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
    ...['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20'],
  ]
) {
  const [net = '', prefix] = block.split('/')
  SPECIAL.addSubnet(net, Number(prefix), familyOf(net))
}
/** RFC 6761: names of this machine, whatever a resolver answers. */
const LOCALHOST = /(^|\.)localhost$/
const MAX_URL = 2048
const LOOKUP_MS = 5000

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6'
}

/**
 * Whether an address is outside the public internet; an IPv4 address within IPv6 counts as itself.
 */
export function isNear(address: string): boolean {
  if (isIP(address) === 0) return true
  const family = familyOf(address)
  return !ROUTED.check(address, family) || SPECIAL.check(address, family)
}

export interface Address {
  address: string
  family: 4 | 6
}

/**
 * The address of a host, resolved once: calls go to this address, whatever the name resolves to
 * later.
 *
 * @param near whether the host may be on this machine or its network
 * @throws Error where the host has no address, or one that is not allowed
 */
export async function addressOf(url: URL, near: boolean): Promise<Address> {
  // A name means the same with a dot at its end.
  const host = url.hostname.replace(/^\[|\]$|\.+$/g, '')
  if (!near && LOCALHOST.test(host)) throw new NearError(host)
  const found = isIP(host) === 0 ? await lookUp(host) : [{ address: host, family: isIP(host) }]
  if (!near && found.some(({ address }) => isNear(address))) throw new NearError(host)
  const [first] = found
  if (first === undefined) throw new Error(`${host} has no address`)
  return first as Address
}

class NearError extends Error {
  override name = 'NearError'
  constructor(host: string) {
    super(`${host} is on a private network or on this machine`)
  }
}

async function lookUp(host: string) {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${host} was not found in time`)), LOOKUP_MS)
  })
  try {
    return await Promise.race([lookup(host, { all: true }), late])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Checks the URL of a webhook. A host that is not found now may be found later; a near host is
 * refused.
 *
 * @throws ApiError `invalid_input`
 */
export async function readWebhookUrl(text: string, near: boolean): Promise<string> {
  const fail = (what: string) =>
    new ApiError('invalid_input', `Cannot use webhook: ${what}`, undefined, 'webhook')
  const url = text.length <= MAX_URL ? URL.parse(text) : null
  if (url === null || !/^https?:$/.test(url.protocol) || url.username || url.password) {
    throw fail('must be an address as https://app.example/done, without a name or password')
  }
  try {
    await addressOf(url, near)
  } catch (error) {
    if (error instanceof NearError) throw fail(`${error.message}: name a public address`)
  }
  return url.href
}
