/**
 * Deno nodes on this machine, as children of the command that starts them.
 *
 * @module
 */
import { POWER } from '../../coordinator/observe/energy/params.ts'
import { type Children, createChildren } from './children.ts'
import { spawnNode } from './spawn_node.ts'

export type LocalNodes = Pick<Children, 'stop'>

/**
 * Most workers that each begins with: as many as a page keeps busy. Each loads all models, and more
 * follow where measuring finds them worth it.
 */
const MOST_FIRST_SLOTS = 4

/** Workers that each of `nodes` nodes on this machine begins with. */
export const firstSlots = (nodes: number): number =>
  Math.min(Math.max(1, Math.floor(navigator.hardwareConcurrency / nodes)), MOST_FIRST_SLOTS)

/** Share of the machine's memory that its nodes take together at most: the rest is for its people. */
const MEMORY_SHARE = 0.25
/** What a node needs for one pipeline. */
const LEAST_MB = 500

/**
 * MB of memory that each of `nodes` nodes on this machine takes at most; undefined where the
 * permission to ask how much the machine has is missing.
 */
export function memoryMbOf(nodes: number): number | undefined {
  const { state } = Deno.permissions.querySync({ name: 'sys', kind: 'systemMemoryInfo' })
  if (state !== 'granted') return undefined
  const { total } = Deno.systemMemoryInfo()
  return Math.max(LEAST_MB, Math.floor(MEMORY_SHARE * total / nodes / 1e6))
}

/** What each of so many nodes on this machine says of its watts: they share those of one. */
export function sharedWatts(nodes: number): string[] {
  const { idleW, busyW } = POWER.process
  return nodes > 1 ? ['--watts', `${idleW / nodes},${busyW / nodes}`] : []
}

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
  const args = ['--first-slots', String(firstSlots(count)), ...sharedWatts(count), ...options]
  for (let i = 1; i <= count; i++) {
    const name = `local-${i}`
    children.keep(`node ${name}`, () => spawnNode(url, name, args, token))
  }
  return children
}
