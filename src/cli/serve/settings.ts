/**
 * Settings of a command: a flag goes before a variable, that before the settings file, that before what
 * holds by default.
 *
 * @module
 */
import { z } from 'zod'

/** One setting, by the name of its flag. */
export interface Setting {
  type: 'string' | 'boolean'
  /** May be given several times; in a variable with commas between. */
  multiple?: true
  default?: string | boolean
  /** Not shown by `--print-settings`. */
  secret?: true
}
export type Settings = Readonly<Record<string, Setting>>

type Value = string | boolean | string[]
export interface Found {
  value: Value | undefined
  /** Where it was said, as errors name it. */
  from: string
}
export type FoundSettings = Readonly<Record<string, Found>>

export const variableOf = (name: string): string =>
  `SHOAL_${name.toUpperCase().replaceAll('-', '_')}`

/** A settings file, or a variable, that cannot be used: the message says where and what to write. */
export class SettingsError extends Error {
  override name = 'SettingsError'
}

/**
 * @param flags as the command line has them; absent ones are undefined
 * @param variable of the environment; one that is set to nothing is not set
 * @param file its name, and its text if there is one
 * @throws SettingsError
 */
export function findSettings(
  settings: Settings,
  flags: Readonly<Record<string, unknown>>,
  variable: (name: string) => string | undefined,
  file: { name: string; text: string | undefined },
): FoundSettings {
  const lines = file.text === undefined ? {} : readFile(settings, file.name, file.text)
  return Object.fromEntries(
    Object.entries(settings).map(([name, setting]): [string, Found] => {
      const flag = flags[name] as Value | undefined
      if (flag !== undefined) return [name, { value: flag, from: `--${name}` }]
      const text = variable(variableOf(name)) || undefined
      if (text !== undefined) {
        return [name, { value: ofVariable(name, setting, text), from: variableOf(name) }]
      }
      const line = Object.hasOwn(lines, name) ? lines[name] : undefined
      if (line !== undefined) {
        return [name, { value: line, from: `${name} in ${placeOf(file, name)}` }]
      }
      const { default: usual = setting.multiple ? [] : undefined } = setting
      return [name, { value: usual, from: 'default' }]
    }),
  )
}

/** Each setting in a line, with where it was said. */
export function settingLines(settings: Settings, found: FoundSettings): string[] {
  return Object.entries(found).map(([name, { value, from }]) => {
    const isSet = value !== undefined && !(Array.isArray(value) && value.length === 0)
    const shown = !isSet ? '(none)' : settings[name]!.secret ? '(secret)' : String(value)
    return `${name.padEnd(14)} ${shown}  ${from}`
  })
}

function ofVariable(name: string, { type, multiple }: Setting, text: string): Value {
  if (multiple) return text.split(',').map((part) => part.trim()).filter((part) => part !== '')
  if (type === 'string') return text
  if (/^(1|on|true)$/i.test(text)) return true
  if (/^(0|off|false)$/i.test(text)) return false
  throw new SettingsError(
    `Cannot use ${variableOf(name)}: must be true or false: received ${text}`,
  )
}

const TEXT = z.union([z.string(), z.number()]).transform(String)

function readFile(settings: Settings, name: string, text: string): Record<string, Value> {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new SettingsError(`Cannot read ${name}: ${(error as Error).message}`)
  }
  const shape = z.strictObject(
    Object.fromEntries(
      Object.entries(settings).map(([key, { type, multiple }]) => [
        key,
        (multiple ? z.array(z.string()) : type === 'boolean' ? z.boolean() : TEXT).optional(),
      ]),
    ),
  )
  const read = shape.safeParse(json)
  if (read.success) return read.data as Record<string, Value>
  const [issue] = read.error.issues
  const key = issue!.code === 'unrecognized_keys' ? issue!.keys[0] : issue!.path[0]
  if (key === undefined) {
    throw new SettingsError(`Cannot use ${name}: must be an object, as {"port": 8787}`)
  }
  const place = placeOf({ name, text }, String(key))
  const known = settings[String(key)]
  throw new SettingsError(
    known === undefined
      ? `Cannot use ${String(key)} in ${place}: there are ${Object.keys(settings).join(', ')}`
      : `Cannot use ${String(key)} in ${place}: must be ${
        known.multiple ? 'a list of texts' : known.type === 'boolean' ? 'true or false' : 'a text'
      }`,
  )
}

/** The file with the line in which a setting stands. */
function placeOf({ name, text = '' }: { name: string; text?: string | undefined }, key: string) {
  const at = text.search(new RegExp(`"${key.replaceAll(/[^\w-]/g, '.')}"\\s*:`))
  return at < 0 ? name : `${name}, line ${text.slice(0, at).split('\n').length}`
}
