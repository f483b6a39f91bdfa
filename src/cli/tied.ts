/**
 * Deno processes that do not outlive the one that started them, however that ended: each has the
 * other end of a pipe as its standard input, and ends when that does. A node would else go on trying
 * to join a coordinator that is gone for good.
 *
 * @module
 */
import { variable } from './variable.ts'

/** Set for a process that is tied. */
const TIED = 'SHOAL_TIED'

export interface TiedOptions {
  env?: { [name: string]: string }
  /** What it prints; its errors go to this process's stderr. */
  stdout?: 'null' | 'piped'
}

/** Starts Deno with all permissions: `args` are further flags, the file and what that is given. */
export function spawnTied(
  args: readonly string[],
  { env = {}, stdout = 'null' }: TiedOptions = {},
): Deno.ChildProcess {
  const child = new Deno.Command(Deno.execPath(), {
    args: ['run', '-A', ...args],
    // What a collector hears of this process it would hear of the other as well, under one name.
    env: { OTEL_DENO: 'false', ...env, [TIED]: '1' },
    stdin: 'piped',
    stdout,
    stderr: 'inherit',
  }).spawn()
  // Whoever writes to it closes it.
  void child.status.then(() => child.stdin.locked ? undefined : child.stdin.close()).catch(() => {})
  return child
}

/** Whether this process was started so. */
export const isTied = (): boolean => variable(TIED) === '1'

/** In the process that was started: ends it with the one that did. Nothing where it is not tied. */
export async function endWithStarter(): Promise<void> {
  if (!isTied()) return
  try {
    for await (const _ of Deno.stdin.readable);
  } catch {
    // Gone as well.
  }
  Deno.exit(1)
}
