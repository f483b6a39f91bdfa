/**
 * Where webhooks may go: what somebody elsewhere names must not have this machine call its own network.
 *
 * @module
 */
import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'
import { ApiError } from '../api_error.ts'

const NEAR = new BlockList()
for (
  const [net, prefix] of [
    ...[['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8]],
    ...[['169.254.0.0', 16], ['172.16.0.0', 12], ['192.0.0.0', 24], ['192.0.2.0', 24]],
    ...[['192.168.0.0', 16], ['198.18.0.0', 15], ['198.51.100.0', 24], ['203.0.113.0', 24]],
    ...[['224.0.0.0', 4], ['240.0.0.0', 4]],
  ] as [string, number][]
) NEAR.addSubnet(net, prefix, 'ipv4')
for (
  const [net, prefix] of [
    ...[['::', 96], ['64:ff9b::', 96], ['100::', 64], ['2001::', 23], ['2001:db8::', 32]],
    ...[['2002::', 16], ['fc00::', 7], ['fe80::', 10], ['fec0::', 10], ['ff00::', 8]],
  ] as [string, number][]
) NEAR.addSubnet(net, prefix, 'ipv6')
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i
/** As parsers of addresses write it. */
const MAPPED_HEX = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/i
const MAX_URL = 2048
const LOOKUP_MS = 5000

/** Whether an address is none of the public internet's. */
export function isNear(address: string): boolean {
  const mapped = MAPPED.exec(address)?.[1] ?? fromHex(address)
  if (mapped !== undefined) return isNear(mapped)
  const family = isIP(address)
  return family === 0 || NEAR.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

function fromHex(address: string): string | undefined {
  const [, high, low] = MAPPED_HEX.exec(address) ?? []
  if (high === undefined || low === undefined) return undefined
  const [a, b] = [parseInt(high, 16), parseInt(low, 16)]
  return [a >> 8, a & 255, b >> 8, b & 255].join('.')
}

export interface Address {
  address: string
  family: 4 | 6
}

/**
 * Where a host is, looked up once: what is called is this address, whatever its name leads to later.
 *
 * @param near whether it may be on this machine or its network
 * @throws Error where it is nowhere, or where it may not be
 */
export async function addressOf(url: URL, near: boolean): Promise<Address> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const found = isIP(host) === 0 ? await lookUp(host) : [{ address: host, family: isIP(host) }]
  if (!near && found.some(({ address }) => isNear(address))) {
    throw new NearError(`${host} is on a private network or on this machine`)
  }
  const [first] = found
  if (first === undefined) throw new Error(`${host} has no address`)
  return first as Address
}

class NearError extends Error {
  override name = 'NearError'
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
 * The address of a webhook. A host that is not found now may be later; one that is near is refused.
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
