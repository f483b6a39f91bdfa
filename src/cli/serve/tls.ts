/**
 * The certificate that a coordinator serves `https` with.
 *
 * @module
 */
import { X509Certificate } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HOME } from '../root.ts'
import { lockBeside } from './locked.ts'
import { selfCertificate } from './self_certificate.ts'

export interface Tls {
  /** PEM. */
  cert: string
  key: string
  /** Made here: browsers warn of it, and whoever looks compares its fingerprint. */
  self: boolean
  fingerprint: string
  /** Of one made here: where a copy of it is, for those who are to trust it. */
  file?: string
}

export interface TlsWish {
  tls: string
  cert?: string | undefined
  key?: string | undefined
}

/**
 * @param hosts names and addresses that a certificate of our own is for, besides this machine's
 * @param dir where such a certificate is kept
 * @returns nothing where `http` is wanted
 * @throws RangeError where the wish makes no sense, Error where a file cannot be read or used
 */
export async function readTls(
  wish: TlsWish,
  hosts: readonly string[],
  dir: string = join(HOME, 'tls'),
): Promise<Tls | undefined> {
  const { tls, cert, key } = wish
  if (tls !== 'self' && tls !== 'off') {
    throw new RangeError(`Cannot use --tls: must be self or off: received ${tls}`)
  }
  if ((cert === undefined) !== (key === undefined)) {
    throw new RangeError('Cannot use --tls-cert and --tls-key: each needs the other')
  }
  if (cert !== undefined && key !== undefined) {
    const pem = { cert: await read('--tls-cert', cert), key: await read('--tls-key', key) }
    const fingerprint = fingerprintOf(pem.cert, cert)
    mustBePair(pem, key)
    return { ...pem, self: false, fingerprint }
  }
  if (tls === 'off') return undefined
  const pem = await keptCertificate(['localhost', '127.0.0.1', '::1', ...hosts], dir)
  const file = join(dir, 'self.pem')
  if (await readFile(file, 'utf8').catch(() => '') !== pem.cert) await writeFile(file, pem.cert)
  return { ...pem, self: true, fingerprint: fingerprintOf(pem.cert, 'the certificate'), file }
}

const DAY_MS = 24 * 60 * 60 * 1000

/**
 * The certificate of last time while it is for the same hosts: browsers have been told to trust
 * that one.
 */
async function keptCertificate(
  hosts: readonly string[],
  dir: string,
): Promise<{ cert: string; key: string }> {
  const file = join(dir, 'self.json')
  const kept = await goodFor(hosts, file)
  if (kept !== undefined) return kept
  // Of two that start at once both would make one, and copies be of one that only the other has.
  using _ = await lockBeside(file)
  const madeMeanwhile = await goodFor(hosts, file)
  if (madeMeanwhile !== undefined) return madeMeanwhile
  const pem = await selfCertificate(hosts, new Date())
  await writeFile(file, JSON.stringify({ hosts, ...pem }), { mode: 0o600 })
  return pem
}

async function goodFor(
  hosts: readonly string[],
  file: string,
): Promise<{ cert: string; key: string } | undefined> {
  try {
    const kept = JSON.parse(await readFile(file, 'utf8'))
    const leftMs = new X509Certificate(kept.cert).validToDate.getTime() - Date.now()
    return String(kept.hosts) === String(hosts) && leftMs > 7 * DAY_MS ? kept : undefined
  } catch {
    // None yet, or damaged: a new one takes its place.
    return undefined
  }
}

function fingerprintOf(pem: string, file: string): string {
  try {
    return new X509Certificate(pem).fingerprint256
  } catch (cause) {
    throw new Error(`Cannot use --tls-cert ${file}: it holds no PEM certificate`, { cause })
  }
}

/** Both are given to a server, which knows best which keys it takes. */
function mustBePair(pem: { cert: string; key: string }, file: string): void {
  try {
    Deno.listenTls({ hostname: '127.0.0.1', port: 0, ...pem }).close()
  } catch (cause) {
    const { message } = cause as Error
    const why = /KeyMismatch/.test(message)
      ? 'it is the key of another certificate'
      : /No keys/.test(message)
      ? 'it holds no PEM key, or one with a passphrase'
      : message
    throw new Error(`Cannot use --tls-key ${file}: ${why}`, { cause })
  }
}

async function read(flag: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new Error(`Cannot use ${flag} ${file}: it cannot be read`, { cause })
  }
}
