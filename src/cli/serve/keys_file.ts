/**
 * Keys in a file: `{"schema": "shoal-keys/1", "keys": [{name, role, sha256, addedAt}], "roles": [role]}`.
 * No key's text is in it; only its owner may read it all the same. `roles` are those that ask for a
 * key, also when the last of theirs was taken back.
 *
 * @module
 */
import { chown, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { type Key, type Keyring, type Role, ROLES } from '../../coordinator/core/keys.ts'
import { COMMAND, HOME } from '../root.ts'
import { lockBeside } from './locked.ts'

export const KEYS_FILE: string = join(HOME, 'keys.json')

const keysFile = z.object({
  schema: z.literal('shoal-keys/1'),
  keys: z.array(z.object({
    name: z.string().min(1).max(64),
    role: z.enum(ROLES),
    sha256: z.string().regex(/^[\da-f]{64}$/),
    ratePerS: z.number().positive().optional(),
    addedAt: z.string(),
  })).max(10_000),
  roles: z.array(z.enum(ROLES)).default([]),
})

type Kept = z.infer<typeof keysFile>
export type KeptKey = Kept['keys'][number]

/** None where there is no such file. @throws Error where it cannot be used */
export const readKeys = async (file: string): Promise<KeptKey[]> => (await readKept(file)).keys

async function readKept(file: string): Promise<Kept> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') {
      return { schema: 'shoal-keys/1', keys: [], roles: [] }
    }
    throw new Error(`Cannot use keys ${file}: it cannot be read`, { cause: error })
  }
  try {
    return keysFile.parse(JSON.parse(text))
  } catch (cause) {
    throw new Error(`Cannot use keys ${file}: it is not a file of ${COMMAND} keys`, { cause })
  }
}

/**
 * Puts what `change` makes of the keys in their place. One process at a time: two that read the same
 * keys would undo one another.
 *
 * @throws Error where the file cannot be used, or not be written
 */
export function changeKeys(
  file: string,
  change: (keys: readonly KeptKey[]) => KeptKey[],
): Promise<void> {
  return changeFile(file, (kept) => {
    const keys = change(kept.keys)
    const roles = [...new Set([...kept.roles, ...[...kept.keys, ...keys].map(({ role }) => role)])]
    return { keys, roles }
  })
}

/**
 * Opens a role to this machine, from the next start on.
 *
 * @throws Error where it has keys, and as above
 */
export function openRole(file: string, role: Role): Promise<void> {
  return changeFile(file, ({ keys, roles }) => {
    const left = keys.filter((key) => key.role === role).map(({ name }) => name)
    if (left.length > 0) throw new Error(`it has keys: remove ${left.join(', ')} first`)
    return { keys, roles: roles.filter((one) => one !== role) }
  })
}

async function changeFile(
  file: string,
  change: (kept: Kept) => Omit<Kept, 'schema'>,
): Promise<void> {
  // Beside the keys, which are replaced by each change.
  using _ = await lockBeside(file).catch(cannotKeep(file))
  const { keys, roles } = change(await readKept(file))
  const { success, error } = keysFile.shape.keys.safeParse(keys)
  if (!success) throw new Error(`Cannot keep keys in ${file}: ${error.issues[0]?.message}`)
  await writeKeys(file, { schema: 'shoal-keys/1', keys, roles }).catch(cannotKeep(file))
}

const cannotKeep = (file: string) => (error: Error): never => {
  throw new Error(`Cannot keep keys in ${file}: ${error.message}`, { cause: error })
}

async function writeKeys(file: string, kept: Kept): Promise<void> {
  // Whole or not at all: a coordinator may read it at this moment.
  const fresh = `${file}.${crypto.randomUUID().slice(0, 8)}`
  const text = JSON.stringify(kept, null, 2)
  try {
    await writeFile(fresh, text + '\n', { mode: 0o600 })
    await leaveTo(await stat(file).catch(() => stat(dirname(file))), fresh)
    await rename(fresh, file)
  } catch (error) {
    await rm(fresh, { force: true })
    throw error
  }
}

/** Where root changes the keys of a coordinator that runs as another user, that one reads them. */
async function leaveTo({ uid, gid }: { uid: number; gid: number }, fresh: string): Promise<void> {
  if (Deno.build.os !== 'windows' && Deno.uid() === 0) await chown(fresh, uid, gid)
}

const LOOK_EVERY_MS = 1000

const NONE = 'none'

/** Tells one content from another. */
const markOf = (file: string): Promise<string> =>
  stat(file).then(({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`, () => NONE)

/**
 * Has a running coordinator follow its file: a key added is good, a key removed is not, within two
 * seconds. A file that cannot be used, or is gone, changes nothing, and is complained of once.
 *
 * @param fixed keys that are not in the file
 * @returns what ends it
 */
export async function followKeys(
  file: string,
  fixed: readonly Key[],
  keyring: Keyring,
  complain: (line: string) => void,
): Promise<() => void> {
  let seen = await markOf(file)
  const take = async () => {
    const { keys, roles } = await readKept(file)
    keyring.replace([...fixed, ...keys], roles)
  }
  await take()
  let looking = false

  async function look(): Promise<void> {
    if (looking) return
    looking = true
    const mark = await markOf(file)
    try {
      if (mark === seen) return
      // To take keys back is to remove them.
      if (mark === NONE) throw new Error(`Cannot use keys ${file}: it is not there any more`)
      await take()
    } catch (error) {
      complain(`${(error as Error).message}; the keys stay as they are`)
    } finally {
      seen = mark
      looking = false
    }
  }

  const timer = setInterval(look, LOOK_EVERY_MS)
  return () => clearInterval(timer)
}
