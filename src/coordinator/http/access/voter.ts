/**
 * Who stands behind a link: what nodes of one voter say counts once, however many they are.
 *
 * @module
 */
import type { Key, Keyring } from '../../core/keys.ts'
import { type Caller, groupOf, LOOPBACK } from './caller.ts'

export type VoterOf = (caller: Caller, key: Key | null) => string

/**
 * By key, where nodes have several; one that all share tells nothing, so then by address. This
 * machine is one, by whichever of its addresses a program on it came.
 *
 * @param hosts names and addresses, besides loopback, under which this coordinator is reached
 */
export function createVoters(
  keyring: Pick<Keyring, 'tellsApart'>,
  hosts: readonly string[],
): VoterOf {
  const own = new Set(['::1', ...hosts].map(groupOf))
  return ({ address }, key) => {
    if (key !== null && keyring.tellsApart('node')) return `key ${key.sha256}`
    return LOOPBACK.test(address) || own.has(address) ? 'this machine' : `address ${address}`
  }
}
