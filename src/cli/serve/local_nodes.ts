/**
 * Deno nodes on this machine, as children of the command that starts them.
 *
 * @module
 */
import { type Children, createChildren } from './children.ts'
import { spawnNode } from './spawn_node.ts'

export type LocalNodes = Pick<Children, 'stop'>

/**
 * Starts `count` nodes that join `url` with this token and these options; a node that dies by itself
 * is started again.
 */
export function startLocalNodes(
  url: string,
  count: number,
  log: (line: string) => void,
  token: string,
  options: readonly string[] = [],
): LocalNodes {
  const children = createChildren(log)
  for (let i = 1; i <= count; i++) {
    const name = `local-${i}`
    children.keep(`node ${name}`, () => spawnNode(url, name, options, token))
  }
  return children
}
