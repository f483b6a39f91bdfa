/**
 * How other devices come in, as `start` tells it.
 *
 * @module
 */
import { bracketed, isAny, isLoopback, ownAddresses, unbracketed } from './own_hosts.ts'
import type { Tls } from './tls.ts'

/**
 * One line a way.
 *
 * @param url how this machine reaches its coordinator
 * @param asked the token that nodes need, where they need one; absent where nobody here knows it
 */
export function joinLines(
  url: string,
  host: string,
  names: readonly string[],
  tls: Tls | undefined,
  asked?: { token: string | undefined },
): string[] {
  const { protocol, port } = new URL(url)
  const own = isAny(host) ? ownAddresses() : []
  // An address of IPv6 that changes daily is no help to anyone who types, unless there is no other.
  const short = own.filter((one) => !one.includes(':'))
  const reached = short.length > 0 || host !== '::' ? short : own
  const origins = [
    url,
    ...[...reached.map(bracketed), ...names].map((one) => `${protocol}//${one}:${port}`),
  ]
  const token = asked === undefined ? undefined : asked.token ?? 'TOKEN'
  // Browsers send no fragment along, so that no log on the way keeps it.
  const fragment = token === undefined ? '' : `#t=${encodeURIComponent(token)}`
  const lines = origins.map((origin) => `${origin}/node${fragment}  a browser tab joins here`)
  const away = origins[1] ?? url
  // Deno knows nothing of a certificate that nobody else signed, and here takes no brackets.
  const trust = tls?.self === true
    ? `--unsafely-ignore-certificate-errors=${unbracketed(new URL(away).hostname)} `
    : ''
  const asking = token === undefined ? '' : ` --token ${quoted(token)}`
  lines.push(
    `${away}/node.js  a machine with Deno joins by deno run -r ${trust}--allow-net=${
      quoted(new URL(away).host)
    } ${quoted(`${away}/node.js`)}${asking}`,
  )
  if (tls?.self === true) {
    lines.push(
      `fingerprint of the certificate that browsers will ask about (SHA-256): ${tls.fingerprint}`,
    )
  }
  const command = `deno task node --join ${quoted(away)}${asking}`
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
  return lines
}

/** As a shell takes it for one word. */
const quoted = (word: string) =>
  /^[\w./:-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
