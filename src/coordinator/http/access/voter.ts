/**
 * Voters behind links: results of all nodes of one voter count as one vote.
 *
 * @module
 */
import type { Key, Keyring } from '../../core/keys.ts'
import { type Caller, groupOf, LOOPBACK } from './caller.ts'

export type VoterOf = (caller: Caller, key: Key | null) => string

/**
 * Voters by key, where the role has several keys; by address, where all nodes share one. This
 * machine is one voter, by whichever of its addresses a program connects.
 *
 * @param hosts names and addresses, besides loopback, under which this coordinator is reached
 */
export function createVoters(
  keyring: Pick<Keyring, 'distinguishes'>,
  hosts: readonly string[],
): VoterOf {
  const own = new Set(['::1', ...hosts].map(groupOf))
  return ({ address }, key) => {
    if (key !== null && keyring.distinguishes('node')) return `key ${key.sha256}`
    return LOOPBACK.test(address) || own.has(address) ? 'this machine' : `address ${address}`
  }
}
