/**
 * `deno task keys add|list|remove|open`: who may join, ask, watch and change the pool.
 *
 * @module
 */
import './deno_version.ts'
import { parseArgs } from 'node:util'
import { hashOf, makeKey, type Role, ROLES } from '../coordinator/core/keys.ts'
import { changeKeys, KEYS_FILE, openRole, readKeys } from './serve/keys_file.ts'
import { COMMAND } from './root.ts'

const USAGE = `${COMMAND} keys add --role ROLE --name NAME [--rate N]
${COMMAND} keys list
${COMMAND} keys remove --name NAME
${COMMAND} keys open --role ROLE
  --role ROLE   node joins the pool; client asks it; admin watches and changes it, and may do all
  --name NAME   what you know it by
  --rate N      most calls a second with it; 200 if absent
  --keys FILE   the file they are in, as hashes; also SHOAL_KEYS; .shoal/keys.json if absent
A running coordinator follows the file within two seconds. A key is shown once, when it is made.
A role asks for a key from its first one on, also once the last is removed: open lets this machine
in without one again, from the coordinator's next start on.`

function fail(message: string): never {
  console.error(message)
  Deno.exit(1)
}

function options() {
  const text = { type: 'string' } as const
  try {
    const { values, positionals } = parseArgs({
      args: Deno.args,
      options: { role: text, name: text, rate: text, keys: text, help: { type: 'boolean' } },
      allowPositionals: true,
    })
    return { ...values, action: positionals[0], more: positionals.length > 1 }
  } catch (error) {
    return fail(`${(error as Error).message}\n\n${USAGE}`)
  }
}

const { action, more, role, name, rate, keys, help } = options()
// The file that `deno task start` follows, where that is told of it by the same variable.
const file = keys ?? (Deno.env.get('SHOAL_KEYS') || KEYS_FILE)
if (help) {
  console.log(USAGE)
  Deno.exit(0)
}

function nameOf(): string {
  if (
    name !== undefined && name.length <= 64 && /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$/u.test(name)
  ) return name
  return fail('Cannot use --name: must be 1 to 64 letters, digits, spaces or any of ._-')
}

const roleOf = (): Role =>
  ROLES.find((one) => one === role) ??
    fail(`Cannot use --role: must be one of ${ROLES.join(', ')}`)

async function add(): Promise<void> {
  const known = nameOf()
  const wanted = roleOf()
  const ratePerS = rate === undefined ? undefined : Number(rate)
  if (ratePerS !== undefined && !(ratePerS > 0 && ratePerS <= 1e6)) {
    return fail(`Cannot use --rate: must be a number above 0: received ${rate}`)
  }
  const text = makeKey(wanted)
  const limit = ratePerS === undefined ? {} : { ratePerS }
  const addedAt = new Date().toISOString()
  const key = { name: known, role: wanted, sha256: hashOf(text), ...limit, addedAt }
  await changeKeys(file, (keys) => {
    if (keys.every((one) => one.name !== known)) return [...keys, key]
    return fail(`Cannot add ${known}: there is one already. Remove it first, or name it otherwise`)
  })
  console.error(`Key of ${known}, role ${wanted}; it is not shown again:`)
  console.log(text)
}

async function remove(): Promise<void> {
  const known = nameOf()
  await changeKeys(file, (keys) => {
    const one = keys.find((one) => one.name === known)
    if (one === undefined) return fail(`Cannot remove ${known}: there is no such key`)
    const left = keys.filter((other) => other !== one)
    if (left.every(({ role }) => role !== one.role)) {
      console.error(`Nobody has a key of role ${one.role} any more, and it asks for one on`)
    }
    return left
  })
}

async function open(): Promise<void> {
  const wanted = roleOf()
  await openRole(file, wanted).catch((error) => fail(`Cannot open ${wanted}: ${error.message}`))
}

async function list(): Promise<void> {
  const keys = await readKeys(file)
  for (const key of keys) console.log(`${key.role}\t${key.name}\tsince ${key.addedAt}`)
  if (keys.length === 0) console.error(`No keys in ${file}`)
}

const ACTIONS: { [action: string]: () => Promise<void> } = { add, list, remove, open }
const act = more || !Object.hasOwn(ACTIONS, action ?? '') ? undefined : ACTIONS[action!]
if (act === undefined) fail(USAGE)
await act().catch((error) => fail(error.message))
