/**
 * Who this node is: an id that stays, and an epoch that rises with every link it opens.
 *
 * @module
 */
import type { NodeStorage } from './host.ts'

export interface Identity {
  readonly nodeId: string
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
  let epoch = kept?.epoch ?? 0
  return {
    nodeId,
    async nextEpoch() {
      epoch++
      await storage.set('identity', JSON.stringify({ nodeId, epoch }))
      return epoch
    },
  }
}

/** 128 random bits; `crypto.randomUUID` is not there on origins that are not secure. */
export function randomHex(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function parse(text: string | undefined): { nodeId: string; epoch: number } | undefined {
  try {
    const { nodeId, epoch } = JSON.parse(text ?? '')
    const valid = typeof nodeId === 'string' && nodeId.length > 0 && nodeId.length <= 128 &&
      Number.isSafeInteger(epoch) && epoch >= 0
    return valid ? { nodeId, epoch } : undefined
  } catch {
    return undefined
  }
}
