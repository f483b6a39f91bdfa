/**
 * The keys that a coordinator starts with: from flags, from variables, from a file, and one of its
 * own for the nodes that it starts itself.
 *
 * @module
 */
import {
  createKeyring,
  GUESSABLE,
  hashOf,
  type Key,
  type Keyring,
  makeKey,
} from '../../coordinator/core/keys.ts'
import { followKeys, KEYS_FILE } from './keys_file.ts'
import { isLoopback } from './own_hosts.ts'
import { COMMAND } from '../root.ts'

export interface KeyWish {
  token: string | undefined
  clientKey: string | undefined
  adminKey: string | undefined
  file: string | undefined
}

export interface StartKeys {
  keyring: Keyring
  /** For nodes that this process starts; not a word of it is told to others. */
  ownToken: string
  /** For the worker that judges what nodes say. */
  auditorToken: string
  /** What nodes elsewhere join with, where it is known. */
  joinToken: string | undefined
  /** Where whoever runs this finds it, for where it must not be shown. */
  joinTokenIs: string
  stop(): void
}

/** What to say of a file of keys that was asked for and is not there: a role without keys is open. */
export async function missingKeys({ file }: KeyWish): Promise<string | undefined> {
  if (file === undefined || await Deno.stat(file).then(() => true, () => false)) return undefined
  return `there is no file of keys ${file}: until it is there, roles without other keys are open to ` +
    'this machine'
}

/** @throws Error with what to do, where `host` lets others in and no key keeps them out */
export async function startKeys(
  wish: KeyWish,
  host: string,
  say: (line: string) => void,
): Promise<StartKeys> {
  const [ownToken, auditorToken] = [makeKey('node'), makeKey('node')]
  const named: [string, Key['role'], string | undefined][] = [
    ['--token', 'node', wish.token],
    ['--client-key', 'client', wish.clientKey],
    ['--admin-key', 'admin', wish.adminKey],
  ]
  const fixed: Key[] = [
    { name: 'own nodes', role: 'node', sha256: hashOf(ownToken), own: true },
    { name: 'auditor', role: 'node', sha256: hashOf(auditorToken), own: true },
  ]
  for (const [name, role, text] of named) {
    if (text === undefined) continue
    if (!/^[\x21-\x7e]{1,512}$/.test(text)) {
      throw new Error(`Cannot use ${name}: must be 1 to 512 visible characters without spaces`)
    }
    if (text.length < GUESSABLE) {
      say(`${name} has ${text.length} characters and could be guessed; better: ${makeKey(role)}`)
    }
    fixed.push({ name, role, sha256: hashOf(text) })
  }
  const keyring = createKeyring()
  const file = wish.file ?? KEYS_FILE
  const stop = await followKeys(file, fixed, keyring, say)
  if (!isLoopback(host) && !keyring.has('node')) {
    stop()
    throw new Error(
      `Cannot serve on ${host} without a token: anyone who reaches it could join and see pictures. ` +
        `Add --token ${makeKey('node')} (made for you just now), or make one that is kept: ` +
        `${COMMAND} keys add --role node --name volunteers`,
    )
  }
  const joinTokenIs = wish.token === undefined
    ? `a key of role node, as ${COMMAND} keys add --role node --name NAME makes`
    : 'what this was started with as --token or SHOAL_TOKEN'
  return { keyring, ownToken, auditorToken, joinToken: wish.token, joinTokenIs, stop }
}
