/**
 * Origins of pages that may open a link: the page has to come from this very host, and the host has
 * to be one of the coordinator's, so that a foreign name for this machine cannot reach it (DNS
 * rebinding).
 *
 * @module
 */

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/

/** The host that a request names. HTTP/2 has no Host header: there the host is part of the URL. */
export function hostOf(request: { url: string; header(name: string): string | undefined }): string {
  return request.header('host') ?? new URL(request.url).host
}

/**
 * @param origin the request's Origin header; absent from programs other than browsers
 * @param host its Host header
 * @param hosts names and addresses, besides loopback, under which this coordinator is reached
 */
export function mayLink(
  origin: string | undefined,
  host: string | undefined,
  hosts: readonly string[],
): boolean {
  if (origin === undefined) return true
  if (host === undefined || !URL.canParse(origin)) return false
  const url = new URL(origin)
  return url.host === host && isOwn(url.hostname, hosts)
}

/** Whether a Host header is a name of this coordinator, not a foreign name for its machine. */
export function isOwnHost(host: string | undefined, hosts: readonly string[]): boolean {
  const url = URL.parse(`http://${host ?? ''}`)
  return url !== null && isOwn(url.hostname, hosts)
}

const isOwn = (hostname: string, hosts: readonly string[]) =>
  LOOPBACK.test(hostname) || hosts.includes(hostname)
