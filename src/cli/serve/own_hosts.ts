/**
 * Under which addresses this machine is reached.
 *
 * @module
 */
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'

/** Whether serving on this address means serving on all. */
export const isAny = (host: string): boolean => ['0.0.0.0', '::'].includes(host)

/** Whether only this machine reaches this address. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)

/** As a host stands in a URL. */
export const bracketed = (host: string): string => host.includes(':') ? `[${host}]` : host

/** As a host of a URL stands alone. */
export const unbracketed = (host: string): string => host.replace(/^\[|\]$/g, '')

/**
 * A name or an address as browsers name it, whatever case it is written in; nothing where a browser
 * would never name that, as one with a port or a `*`.
 */
export function hostNamed(text: string): string | undefined {
  const url = URL.parse(`http://${isIP(text) === 6 ? bracketed(text) : text}`)
  const isPlain = url !== null && url.href === `http://${url.hostname}/` &&
    /^([\w.-]+|\[[\da-f:]+\])$/.test(url.hostname)
  return isPlain ? url.hostname : undefined
}

/**
 * An address to serve on, in the one spelling that all else compares with, whatever it is written
 * in; nothing where it is none.
 */
export function addressNamed(text: string): string | undefined {
  const host = hostNamed(text)
  return host === undefined ? undefined : unbracketed(host)
}

/**
 * Hosts that a browser may name for a coordinator that serves on `host`: that one, or each address
 * of this machine where it serves on all. Addresses only: a name could be pointed here by anyone.
 */
export function ownHosts(host: string): string[] {
  return (isAny(host) ? ownAddresses() : [host]).map(bracketed)
}

/** Addresses of this machine that others may reach, IPv4 first. */
export function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, scopeid }) => !internal && !scopeid)
    .toSorted((a, b) => a.family.localeCompare(b.family))
    .map(({ address }) => address)
}
