/**
 * What a volunteer says on the command line of a node, wherever its code comes from.
 *
 * @module
 */
import { parseArgs } from 'node:util'
import type { BackendWish } from '../../node/backend/choice.ts'
import type { NodeOptions } from '../../node/node.ts'
import { MAX_WATTS } from '../../protocol/messages.ts'

export type NodeArgs = Omit<NodeOptions, 'host' | 'url'>

export function fail(message: string): never {
  console.error(message)
  Deno.exit(1)
}

const FLAGS = {
  name: { type: 'string' },
  backend: { type: 'string', default: 'auto' },
  gpu: { type: 'string', default: 'on' },
  threads: { type: 'string' },
  duty: { type: 'string', default: '1' },
  token: { type: 'string' },
  slots: { type: 'string' },
  'first-slots': { type: 'string' },
  memory: { type: 'string' },
  disk: { type: 'string' },
  downloads: { type: 'string', default: 'all' },
  code: { type: 'boolean', default: false },
  cold: { type: 'boolean', default: false },
  watts: { type: 'string' },
  join: { type: 'string' },
  help: { type: 'boolean' },
} as const

/** Ends the process, with the usage, where the arguments cannot be used or `--help` is asked for. */
export function readNodeArgs(
  args: readonly string[],
  usage: () => string,
): NodeArgs & { join?: string; named: boolean } {
  try {
    const { values } = parseArgs({ args: [...args], options: FLAGS })
    if (values.help) {
      console.log(usage())
      Deno.exit(0)
    }
    const backend = backendOf(values.backend)
    if (values.gpu !== 'on' && values.gpu !== 'off') {
      fail(`Cannot use --gpu: must be on or off: received ${values.gpu}`)
    }
    const { name, join, token, downloads } = values
    if (downloads !== 'all' && downloads !== 'least') {
      fail(`Cannot use --downloads: must be all or least: received ${downloads}`)
    }
    if (name !== undefined && (name.length < 1 || name.length > 64)) {
      fail(`Cannot use --name: must be 1 to 64 characters: received ${name.length}`)
    }
    const duty = Number(values.duty)
    if (!(duty >= 0.01 && duty <= 1)) {
      fail(`Cannot use --duty: must be a number 0.01 to 1: received ${values.duty}`)
    }
    return {
      duty,
      backend,
      gpu: values.gpu === 'on',
      name: name ?? `deno-${crypto.randomUUID().slice(0, 6)}`,
      named: name !== undefined,
      downloads,
      code: values.code,
      cold: values.cold,
      ...(values.memory === undefined ? {} : { memoryBytes: megabytes('memory', values.memory) }),
      ...(values.disk === undefined ? {} : { diskBytes: megabytes('disk', values.disk) }),
      ...(join === undefined ? {} : { join }),
      ...(values.watts === undefined ? {} : { watts: watts(values.watts) }),
      ...(token === undefined ? {} : { token }),
      ...(values.threads === undefined ? {} : { threads: count('threads', values.threads) }),
      ...(values['first-slots'] === undefined
        ? {}
        : { firstSlots: count('first-slots', values['first-slots']) }),
      ...(values.slots === undefined ? {} : { slots: count('slots', values.slots) }),
    }
  } catch (error) {
    return fail(`${(error as Error).message}\n\n${usage()}`)
  }
}

function backendOf(text: string): BackendWish {
  const known = (['auto', 'wasm', 'webgpu', 'native'] as const).find((one) => one === text)
  return known ??
    fail(`Cannot use --backend: must be auto, wasm, webgpu or native: received ${text}`)
}

function count(name: string, text: string): number {
  if (/^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= 256) return Number(text)
  return fail(`Cannot use --${name}: must be an integer 1 to 256: received ${text}`)
}

function watts(text: string): NonNullable<NodeOptions['watts']> {
  const [idle = NaN, busy = NaN, ...more] = text.split(',').map((one) =>
    one === '' ? NaN : Number(one)
  )
  if (more.length === 0 && idle >= 0 && idle <= busy && busy <= MAX_WATTS) return { idle, busy }
  return fail(
    `Cannot use --watts: must be IDLE,BUSY, two numbers 0 to ${MAX_WATTS}, the lower first: ` +
      `received ${text}`,
  )
}

/** In bytes. */
export function megabytes(name: string, text: string): number {
  if (/^\d{1,6}$/.test(text) && Number(text) >= 1) return Number(text) * 1e6
  return fail(`Cannot use --${name}: must be a whole number of megabytes, from 1: received ${text}`)
}
