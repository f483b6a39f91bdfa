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
  const out = child.stdout.pipeThrough(new TextDecoderStream()).getReader()
  const log = child.stderr.pipeThrough(new TextDecoderStream()).getReader()
  const until = async (from: typeof out, what: string) => {
    let said = ''
    while (!said.includes(what)) {
      const { done, value } = await from.read()
      assert.ok(!done, `it ended: ${said}`)
      said += value
    }
    return said
  }
  const drain = async (from: typeof out) => {
    while (!(await from.read()).done);
  }
  const url = /http:\/\/localhost:\d+/.exec(await until(out, 'joins with'))![0]
  return {
    child,
    url,
    /** What it logged since the last time this was asked, up to these words. */
    logged: (what: string) => until(log, what),
    /** Its exit code, once all that it had to say is read. */
    async ended(): Promise<number> {
      await Promise.all([drain(out), drain(log)])
      return (await child.status).code
    },
  }
}
