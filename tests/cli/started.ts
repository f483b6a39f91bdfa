/** `deno task start` as a process whose lines are read as they come. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { ROOT } from '../../src/cli/root.ts'

/**
 * Resolves when it serves.
 *
 * @param args of `start`
 * @param within a program that runs it, and what that is told
 * @param env variables besides this process's
 */
export async function startProcess(
  args: readonly string[],
  within: readonly string[] = [],
  env: { [name: string]: string } = {},
) {
  const [program, ...rest] = [
    ...within,
    ...[Deno.execPath(), 'run', '-A', join(ROOT, 'src', 'cli', 'start.ts'), '--port', '0'],
    ...args,
  ]
  const child = new Deno.Command(program!, {
    ...{ args: rest, env, stdin: 'null', stdout: 'piped', stderr: 'piped' },
  }).spawn()
  const out = reading(child.stdout)
  const log = reading(child.stderr)
  const url = /http:\/\/localhost:\d+/.exec(await out.until('joins with'))![0]
  return {
    child,
    url,
    /** What it logged since the last time this was asked, up to these words. */
    logged: log.until,
    /** Its exit code, once all that it had to say is read. */
    async ended(): Promise<number> {
      await Promise.all([out.over, log.over])
      return (await child.status).code
    },
  }
}

/** Reads all the time: a process whose pipe is full waits for its reader. */
function reading(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
  let said = ''
  let told = () => {}
  let isOver = false
  async function readAll(): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      said += text
      told()
    }
    isOver = true
    told()
  }
  return {
    over: readAll(),
    /** What was said since the last time, up to the chunk with these words. */
    async until(what: string): Promise<string> {
      while (!said.includes(what)) {
        assert.ok(!isOver, `it ended: ${said}`)
        await new Promise<void>((done) => told = done)
      }
      const before = said
      said = ''
      return before
    },
  }
}
