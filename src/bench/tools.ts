/** What most benches need: waits, figures, questions over HTTP, children, runs in turn. @module */
import type { PolicyCommand, PolicyEvent, Scheduler } from '../policy/core/types.ts'
import { fromFileUrl } from '../cli/root.ts'
import { median } from '../cli/statistics.ts'
import { spawnTied } from '../cli/tied.ts'

export interface Counts {
  [name: string]: number
}

export const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms))

/** Resolves with what holds. @throws Error with `fault` where nothing does in time */
export async function until<T>(
  holds: () => T | Promise<T>,
  { limitMs = Infinity, fault = (): string => 'Cannot bench: waited too long', everyMs = 20 } = {},
): Promise<NonNullable<T>> {
  const giveUpMs = performance.now() + limitMs
  for (;;) {
    const found = await holds()
    if (found) return found
    if (performance.now() > giveUpMs) throw new Error(fault())
    await pause(everyMs)
  }
}

/** Lines of text, as they come. */
export async function* linesOf(bytes: ReadableStream<Uint8Array<ArrayBuffer>>) {
  let rest = ''
  for await (const text of bytes.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    yield* lines
  }
}

/** What a program of this machine prints. @throws Error with what it says where it fails */
export async function outputOf(
  program: string,
  args: readonly string[],
  env: { [name: string]: string } = {},
): Promise<string> {
  const command = new Deno.Command(program, {
    ...{ args: [...args], env, stdout: 'piped', stderr: 'piped' },
  })
  const { success, stdout, stderr } = await command.output()
  const text = new TextDecoder()
  if (!success) throw new Error(`Cannot run ${program}: ${text.decode(stderr)}`)
  return text.decode(stdout)
}

export const round = (value: number, digits = 0): number => Number(value.toFixed(digits))
export const rounded = (value: number): number | '-' => Number.isFinite(value) ? round(value) : '-'
export const sumOf = (values: readonly number[]): number =>
  values.reduce((sum, one) => sum + one, 0)
export const meanOf = (values: readonly number[]): number => sumOf(values) / values.length

/** Of what is picked of each. */
export const medianOf = <T>(all: readonly T[], pick: (one: T) => number, digits = 0): number =>
  round(median(all.map(pick)), digits)

export function count(counts: Counts, name: string | number, more = 1): void {
  counts[name] = (counts[name] ?? 0) + more
}

/** As `3 x 200, 1 x 503 queue_full`. */
export const listed = (counts: Counts): string =>
  Object.entries(counts).map(([name, times]) => `${times} x ${name}`).join(', ')

/** Ends all of these, in this order, with the block: `await using _ = ending(one, another)`. */
export const ending = (...all: { end(): unknown }[]): AsyncDisposable => ({
  async [Symbol.asyncDispose]() {
    for (const one of all) await one.end()
  },
})

/** Runs so many clients beside each other, until all have ended. */
export const clients = (many: number, client: (index: number) => Promise<void>) =>
  Promise.all(Array.from({ length: many }, (_, i) => client(i)))

export interface Asking {
  type?: string
  accept?: string
  /** The pipeline's own where absent. */
  timeoutMs?: number
  signal?: AbortSignal
}

/** One query over HTTP. */
export const infer = (
  url: string,
  pipeline: string,
  body: BodyInit,
  { type = 'image/jpeg', accept = '*/*', timeoutMs, signal = null as never }: Asking = {},
): Promise<Response> =>
  fetch(`${url}/v1/pipelines/${pipeline}/infer`, {
    ...{ method: 'POST', body, signal },
    headers: {
      ...{ 'content-type': type, accept },
      ...(timeoutMs === undefined ? {} : { 'x-request-timeout-ms': String(timeoutMs) }),
    },
  })

/** An answer's body, and its status: `200`, or with the reason why there is no result. */
export async function outcomeOf(response: Response) {
  const body = await response.json()
  return { body, status: response.ok ? '200' : `${response.status} ${body.reason}` }
}

/** Tells of each event before the scheduler has it, and of what the scheduler makes of it. */
export const watching = (
  scheduler: Scheduler,
  before: (event: PolicyEvent, nowMs: number) => void,
  after: (command: PolicyCommand, nowMs: number) => void = () => {},
): Scheduler => ({
  ...scheduler,
  handle(event, nowMs, more) {
    before(event, nowMs)
    const commands = scheduler.handle(event, nowMs, more)
    for (const command of commands) after(command, nowMs)
    return commands
  },
})

/** SIGKILL to a process that may have ended. Resolves when it is gone. */
export async function kill(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill('SIGKILL')
  } catch {
    // It has ended already.
  }
  await child.status
}

const NODE = fromFileUrl(new URL('./node.ts', import.meta.url))

export interface BenchNodeOrder {
  url: string
  name: string
  options?: readonly string[]
  env?: { [name: string]: string }
  /** Of another node, in place of `node.ts`. */
  file?: string
}

/** A node of `node.ts`, which measures only when told to. */
export const spawnBenchNode = (
  { url, name, options = [], env = {}, file = NODE }: BenchNodeOrder,
): Deno.ChildProcess =>
  spawnTied(['--no-check', file, '--join', url, '--name', name, ...options], { env })

/**
 * Rounds of all runs, one after another. Each run is first as often as the others: a machine that grows
 * slower favours the first.
 */
export async function inTurn<T extends object>(
  rounds: number,
  runs: { [name in keyof T]: () => Promise<T[name]> },
): Promise<T[]> {
  const names = Object.keys(runs) as (keyof T)[]
  const all: T[] = []
  for (let i = 0; i < rounds; i++) {
    const first = i % names.length
    const results = {} as T
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      results[name] = await runs[name]()
    }
    all.push(results)
  }
  return all
}
