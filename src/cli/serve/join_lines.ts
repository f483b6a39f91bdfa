/**
 * How other devices come in, as `start` tells it.
 *
 * @module
 */
import { bracketed, isAny, isLoopback, ownAddresses } from './own_hosts.ts'
import type { Tls } from './tls.ts'
import { COMMAND } from '../root.ts'

/**
 * One line a way.
 *
 * @param url how this machine reaches its coordinator
 * @param asked where nodes need a token: the token, unless nobody here knows it or it must not be
 * shown, and where it is found then
 */
export function joinLines(
  url: string,
  host: string,
  names: readonly string[],
  tls: Tls | undefined,
  asked?: { token: string | undefined; tokenIs?: string },
): string[] {
  const origins = originsOf(url, host, names)
  const token = asked === undefined ? undefined : asked.token ?? 'TOKEN'
  const lines = origins.map((origin) => `${pageOf(origin, token)}  a browser tab joins here`)
  const away = origins[1] ?? url
  // Deno knows nothing of a certificate that nobody else signed: the line brings it along.
  const [bring, trust] = tls?.self === true
    ? [`printf '%s\\n' ${pemWords(tls.cert)} > shoal.pem && `, '--cert shoal.pem ']
    : ['', '']
  const asking = token === undefined ? '' : ` --token ${quoted(token)}`
  lines.push(
    `${away}/node.js  a machine with Deno joins by ${bring}deno run -r ${trust}--allow-net=${
      quoted(new URL(away).host)
    } ${quoted(`${away}/node.js`)}${asking}`,
  )
  if (tls?.self === true) {
    lines.push(
      `fingerprint of the certificate that browsers will ask about (SHA-256): ${tls.fingerprint}`,
    )
  }
  const command = `${COMMAND} node --join ${quoted(away)}${asking}`
  const file = tls?.file
  if (away === url && isLoopback(host)) {
    const cert = file === undefined ? '' : `DENO_CERT=${quoted(file)} `
    lines.push(`another node on this machine joins with: ${cert}${command}`)
  } else {
    const [cert, copy] = file === undefined
      ? ['', '']
      : ['DENO_CERT=self.pem ', `  self.pem is a copy of ${quoted(file)}`]
    lines.push(`another device joins with: ${cert}${command}${copy}`)
  }
  if (asked !== undefined && asked.token === undefined && asked.tokenIs !== undefined) {
    lines.unshift(`TOKEN, below, is ${asked.tokenIs}`)
  }
  return lines
}

/**
 * Where a browser on another device joins; undefined where none can, or where nobody here knows the token
 * that it needs.
 */
export function joinLink(
  url: string,
  host: string,
  names: readonly string[],
  asked?: { token: string | undefined },
): string | undefined {
  const away = originsOf(url, host, names)[1]
  if (away === undefined || (asked !== undefined && asked.token === undefined)) return undefined
  return pageOf(away, asked?.token)
}

/** Browsers send no fragment along, so that no log on the way keeps the token. */
const pageOf = (origin: string, token: string | undefined) =>
  `${origin}/node${token === undefined ? '' : `#t=${encodeURIComponent(token)}`}`

/** How the coordinator is reached: from this machine, then from others. */
function originsOf(url: string, host: string, names: readonly string[]): string[] {
  const { protocol, port } = new URL(url)
  const own = isAny(host) ? ownAddresses() : []
  // An address of IPv6 that changes daily is no help to anyone who types, unless there is no other.
  const short = own.filter((one) => !one.includes(':'))
  const reached = short.length > 0 || host !== '::' ? short : own
  return [
    url,
    ...[...reached.map(bracketed), ...names].map((one) => `${protocol}//${one}:${port}`),
  ]
}

/** Its lines as words of a shell; those of its content are one. */
function pemWords(pem: string): string {
  const [first, ...rest] = pem.trim().split('\n')
  const last = rest.pop()
  return [first, rest.join(''), last].map((word) => `'${word}'`).join(' ')
}

/** As a shell takes it for one word. */
const quoted = (word: string) =>
  /^[\w./:-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
