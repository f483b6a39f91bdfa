/**
 * A Deno process beside a benchmark, spoken to in lines of JSON: the first line that it prints says
 * that it is ready, each further one answers one line that it was sent.
 * @module
 */
import { fromFileUrl } from '../cli/root.ts'
import { spawnTied } from '../cli/tied.ts'
import { linesOf, until } from './tools.ts'

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
) {
  const path = fromFileUrl(new URL(file, import.meta.url))
  const child = spawnTied([...denoArgs, path, ...args], { env, stdout: 'piped' })
  const writer = child.stdin.getWriter()
  const lines = linesOf(child.stdout)
  async function line<T>(): Promise<T> {
    const { done, value } = await lines.next()
    if (done) throw new Error(`Cannot bench: ${file} ended`)
    return JSON.parse(value)
  }
  const ready = await line<Ready>()
  return {
    pid: child.pid,
    ready,
    async ask<Answer>(question: unknown): Promise<Answer> {
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

/** The other side: answers each line of standard input, one after another; ends with its input, in an answer, too. */
export async function answerLines<Question>(
  ready: unknown,
  answer: (question: Question) => unknown = () => null,
): Promise<void> {
  const print = (value: unknown) => console.log(JSON.stringify(value))
  print(ready)
  let answered = Promise.resolve()
  for await (const line of linesOf(Deno.stdin.readable)) {
    answered = answered.then(async () => print(await answer(JSON.parse(line))))
  }
  Deno.exit(0)
}

/** A process whose lines are read as they come. */
export function spawnTelling(args: string[], env: Record<string, string> = {}) {
  const process = spawnTied(['--no-check', ...args], { stdout: 'piped', env })
  const lines: string[] = []
  let isOver = false
  void (async () => {
    for await (const line of linesOf(process.stdout)) lines.push(line)
    isOver = true
  })()
  return {
    ...{ process, lines, hasEnded: () => isOver },
    /** Resolves with the first line, past or future, that fits. @throws Error when it ends without */
    said: (pattern: RegExp) =>
      until(() => {
        const found = lines.find((line) => pattern.test(line))
        if (found !== undefined || !isOver) return found
        throw new Error(`Cannot use ${args[0]}: it ended. ${lines.at(-1) ?? ''}`.trim())
      }),
  }
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
export const untilReady = (url: string, what: string): Promise<unknown> =>
  until(() => isReady(url), {
    ...{ limitMs: READY_MS, fault: () => `Cannot bench: ${what} has no node` },
  })

/** Also where nothing listens. */
export async function isReady(url: string): Promise<boolean> {
  const response = await fetch(`${url}/v2/health/ready`).catch(() => undefined)
  await response?.body?.cancel()
  return response?.ok === true
}
