/**
 * Who this node is: an id that stays, a secret that makes it this node's own, and an epoch that rises
 * with every link it opens.
 *
 * @module
 */
import type { NodeStorage } from './host.ts'
import { sha256Hex } from './models/sha256.ts'

export interface Identity {
  readonly nodeId: string
  /**
   * What shows a coordinator that this node is the one it knows: of each another, or one could pass for
   * this node at the next.
   *
   * @param host of the coordinator, without its port, which may be another after a restart
   */
  secretFor(host: string): Promise<string>
  /** The epoch for the next link, higher than all before; kept before it is used. */
  nextEpoch(): Promise<number>
}

/** Reads the kept identity, or makes one. */
export async function loadIdentity(
  storage: NodeStorage,
  randomId: () => string = randomHex,
): Promise<Identity> {
  const kept = parse(await storage.get('identity'))
  const nodeId = kept?.nodeId ?? randomId()
  // Kept by a version that had none, or at its first start, a node makes one.
  const secret = kept?.secret ?? randomHex() + randomHex()
  let epoch = kept?.epoch ?? 0
  return {
    nodeId,
    secretFor: (host) => sha256Hex(new TextEncoder().encode(`${secret} ${placeOf(host)}`)),
    async nextEpoch() {
      epoch++
      await storage.set('identity', JSON.stringify({ nodeId, secret, epoch }))
      return epoch
    },
  }
}

/** 128 random bits; `crypto.randomUUID` is not there on origins that are not secure. */
export function randomHex(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

const LOOPBACK = /^(127(\.\d{1,3}){3}|\[::1\])$/

/** This machine by any of its names. */
const placeOf = (host: string): string => LOOPBACK.test(host) ? 'localhost' : host

interface Kept {
  nodeId: string
  secret: string | undefined
  epoch: number
}

function parse(text: string | undefined): Kept | undefined {
  try {
    const { nodeId, secret, epoch } = JSON.parse(text ?? '')
    const valid = typeof nodeId === 'string' && nodeId.length > 0 && nodeId.length <= 128 &&
      Number.isSafeInteger(epoch) && epoch >= 0
    const kept = typeof secret === 'string' && secret.length >= 32 ? secret : undefined
    return valid ? { nodeId, secret: kept, epoch } : undefined
  } catch {
    return undefined
  }
}
