/**
 * A Deno node on this machine as a child process.
 *
 * @module
 */
import { fromFileUrl } from '../root.ts'
import { spawnTied } from '../tied.ts'

const NODE_ENTRY = fromFileUrl(new URL('../node.ts', import.meta.url))
const AUDITOR_ENTRY = fromFileUrl(new URL('./auditor_process.ts', import.meta.url))

/**
 * Starts a node that joins the coordinator at `url`, and ends with this process if not before; its
 * faults go to this one's stderr.
 *
 * @param token handed over where no list of processes shows it
 */
export function spawnNode(
  url: string,
  name: string,
  options: readonly string[] = [],
  token?: string,
): Deno.ChildProcess {
  return spawnTied(
    ['--no-prompt', NODE_ENTRY, '--join', url, '--name', name, ...options],
    // Arguments can be seen by everybody on the machine.
    token === undefined ? {} : { env: { SHOAL_TOKEN: token } },
  )
}

/** The auditor of the coordinator at `url`, likewise. */
export function spawnAuditor(
  url: string,
  options: readonly string[],
  token: string,
): Deno.ChildProcess {
  return spawnTied(
    ['--no-prompt', AUDITOR_ENTRY, '--join', url, ...options],
    { env: { SHOAL_TOKEN: token } },
  )
}
