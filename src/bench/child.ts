/**
 * A Deno process beside a benchmark, spoken to in lines of JSON: the first line that it prints says
 * that it is ready, each further one answers one line that it was sent.
 * @module
 */
import { fromFileUrl } from '../cli/root.ts'
import { spawnTied } from '../cli/tied.ts'
import { until } from './tools.ts'

export interface BenchChild<Ready> {
  pid: number
  ready: Ready
  ask<Answer>(question: unknown): Promise<Answer>
  end(): Promise<void>
}

const END_MS = 5000
/** Until a coordinator has a node that can serve. */
const READY_MS = 30_000

/**
 * @param file of this folder, run with these arguments
 * @param env variables besides this process's
 */
export async function startChild<Ready>(
  file: string,
  args: readonly string[] = [],
  denoArgs: readonly string[] = [],
  env: { [name: string]: string } = {},
): Promise<BenchChild<Ready>> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ['run', '-A', ...denoArgs, fromFileUrl(new URL(file, import.meta.url)), ...args],
    env,
    stdin: 'piped',
    stdout: 'piped',
    stderr: 'inherit',
  }).spawn()
  const writer = child.stdin.getWriter()
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  async function line<T>(): Promise<T> {
    while (!text.includes('\n')) {
      const { done, value } = await reader.read()
      if (done) throw new Error(`Cannot bench: ${file} ended`)
      text += value
    }
    const at = text.indexOf('\n')
    const found = text.slice(0, at)
    text = text.slice(at + 1)
    return JSON.parse(found)
  }
  const ready = await line<Ready>()
  return {
    pid: child.pid,
    ready,
    async ask(question) {
      await writer.write(new TextEncoder().encode(JSON.stringify(question) + '\n'))
      return await line()
    },
    async end() {
      // It ends with its input, by itself: what profiles it has written by then.
      await writer.close().catch(() => {})
      const timer = setTimeout(() => child.kill('SIGKILL'), END_MS)
      await child.status
      clearTimeout(timer)
    },
  }
}

/** What a file of this folder prints, run to its end, or to this process's. @throws Error where it fails */
export async function outputOf(
  file: string,
  args: readonly string[],
  denoArgs: readonly string[] = [],
): Promise<string> {
  const path = fromFileUrl(new URL(file, import.meta.url))
  const { stdout, success } = await spawnTied([...denoArgs, path, ...args], { stdout: 'piped' })
    .output()
  if (!success) throw new Error(`Cannot bench: ${file} failed`)
  return new TextDecoder().decode(stdout)
}

/** The other side: answers each line of standard input, one after another; ends with its input, in an answer, too. */
export async function answerLines<Question>(
  ready: unknown,
  answer: (question: Question) => Promise<unknown>,
): Promise<void> {
  const print = (value: unknown) => console.log(JSON.stringify(value))
  print(ready)
  let text = ''
  let answered = Promise.resolve()
  for await (const part of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    text += part
    const lines = text.split('\n')
    text = lines.pop()!
    for (const line of lines) {
      answered = answered.then(async () => print(await answer(JSON.parse(line))))
    }
  }
  Deno.exit(0)
}

/**
 * Seconds of processor that a process has used, all its threads; NaN where there is no /proc.
 *
 * @param ofChildren in place of its own: of its children that have ended
 */
export function cpuSeconds(pid: number | 'self', ofChildren = false): number {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`)
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const at = ofChildren ? 13 : 11
    return (Number(fields[at]) + Number(fields[at + 1])) / TICKS_PER_S
  } catch {
    return NaN
  }
}

/** Linux tells times in these whatever its own clock does (`USER_HZ`). */
const TICKS_PER_S = 100

/** Resolves when the coordinator can serve. @throws Error that names `what` where it cannot in time */
export const untilReady = (url: string, what: string): Promise<void> =>
  until(() => isReady(url), {
    ...{ limitMs: READY_MS, fault: () => `Cannot bench: ${what} has no node` },
  })

/** Also where nothing listens. */
export async function isReady(url: string): Promise<boolean> {
  const response = await fetch(`${url}/v2/health/ready`).catch(() => undefined)
  await response?.body?.cancel()
  return response?.ok === true
}
