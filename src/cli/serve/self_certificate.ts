/**
 * A certificate that signs itself, for coordinators on a local network (RFC 5280, in DER).
 *
 * @module
 */
import { isIP } from 'node:net'
import { unbracketed } from './own_hosts.ts'

const DAY_MS = 24 * 60 * 60 * 1000
/** Browsers refuse certificates that are valid for much longer. */
const DAYS = 397

const encoder = new TextEncoder()

/** One DER value: tag, length, content. */
function der(tag: number, ...parts: (Uint8Array | number[])[]): Uint8Array {
  const content = parts.flatMap((part) => [...part])
  const size: number[] = []
  for (let rest = content.length; rest > 0; rest >>= 8) size.unshift(rest & 0xff)
  const length = content.length < 0x80 ? [content.length] : [0x80 | size.length, ...size]
  return Uint8Array.from([tag, ...length, ...content])
}

const sequence = (...parts: Uint8Array[]) => der(0x30, ...parts)
/** An object identifier whose content is given as encoded. */
const oid = (...bytes: number[]) => der(0x06, bytes)
/** A whole number from its bytes, highest first: no zeros in front, and never negative. */
function integer(bytes: Uint8Array): Uint8Array {
  let from = 0
  while (from < bytes.length - 1 && bytes[from] === 0) from++
  const least = bytes.subarray(from)
  return der(0x02, (least[0] ?? 0) >= 0x80 ? [0] : [], least)
}
const bits = (bytes: Uint8Array) => der(0x03, [0], bytes)
/** UTCTime, in seconds: the form for all years before 2050. */
const time = (date: Date) =>
  der(0x17, encoder.encode(date.toISOString().slice(2).replace(/\.\d+|[-:T]/g, '')))
const extension = (id: number, critical: boolean, value: Uint8Array) =>
  sequence(oid(0x55, 0x1d, id), ...(critical ? [der(0x01, [0xff])] : []), der(0x04, value))

const ECDSA_SHA256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02))
const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const

/**
 * Certificate and key as PEM, valid from yesterday (clocks differ) for a year and a month.
 *
 * @param hosts names and addresses it is for; addresses of IPv6 with or without brackets
 */
export async function selfCertificate(
  hosts: readonly string[],
  now: Date,
): Promise<{ cert: string; key: string }> {
  const keys = await crypto.subtle.generateKey(CURVE, true, ['sign', 'verify'])
  const publicKey = new Uint8Array(await crypto.subtle.exportKey('spki', keys.publicKey))
  const from = now.getTime() - DAY_MS
  const name = sequence(
    der(0x31, sequence(oid(0x55, 0x04, 0x03), der(0x0c, encoder.encode('Shoal coordinator')))),
  )
  const serial = crypto.getRandomValues(new Uint8Array(16))
  const body = sequence(
    der(0xa0, integer(Uint8Array.of(2))),
    integer(serial),
    ECDSA_SHA256,
    name,
    sequence(time(new Date(from)), time(new Date(from + DAYS * DAY_MS))),
    name,
    publicKey,
    der(
      0xa3,
      sequence(
        // It may not sign others: whoever trusts it trusts this coordinator and no more.
        extension(0x13, true, sequence()),
        extension(0x11, false, sequence(...[...new Set(hosts)].map(alternative))),
      ),
    ),
  )
  const plain = new Uint8Array(
    await crypto.subtle.sign(
      { name: 'ECDSA', hash: 'SHA-256' },
      keys.privateKey,
      body as BufferSource,
    ),
  )
  const signature = sequence(integer(plain.subarray(0, 32)), integer(plain.subarray(32)))
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey('pkcs8', keys.privateKey))
  return {
    cert: pem('CERTIFICATE', sequence(body, ECDSA_SHA256, bits(signature))),
    key: pem('PRIVATE KEY', pkcs8),
  }
}

/** A name or an address, as the extension for alternative names has it. */
function alternative(host: string): Uint8Array {
  const bare = unbracketed(host)
  switch (isIP(bare)) {
    case 4:
      return der(0x87, bare.split('.').map(Number))
    case 6:
      return der(0x87, bytesOfIpv6(bare))
    default:
      return der(0x82, encoder.encode(bare))
  }
}

function bytesOfIpv6(address: string): number[] {
  // The URL reader writes any spelling in one: groups in hex, the longest run of zeros left out.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groups = (text: string) => text === '' ? [] : text.split(':').map((g) => parseInt(g, 16))
  const [first, last] = [groups(head), groups(tail ?? '')]
  const zeros = Array<number>(8 - first.length - last.length).fill(0)
  return [...first, ...zeros, ...last].flatMap((group) => [group >> 8, group & 0xff])
}

function pem(label: string, bytes: Uint8Array): string {
  const lines = bytes.toBase64().match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}
