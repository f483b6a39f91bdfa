/**
 * A load generator in a process of its own.
 *
 * @module
 */
import { fromFileUrl } from '../../src/cli/root.ts'
import { spawnTied } from '../../src/cli/tied.ts'
import type { Asked, Body, LoadOrder } from './types.ts'

/** What the process is given. */
export interface PackedOrder {
  order: LoadOrder
  bodies: { base64: string; type: string }[]
}

const CHILD = fromFileUrl(new URL('./child.ts', import.meta.url))

/**
 * Resolves when the last query is answered.
 *
 * @param started called as the first query's time begins to run
 * @throws Error when the process ends before
 */
export async function loadInProcess(
  order: LoadOrder,
  bodies: readonly Body[],
  told: (asked: Asked) => void,
  started: () => void = () => {},
): Promise<void> {
  const child = spawnTied(['--no-check', CHILD], { stdout: 'piped' })
  const packed: PackedOrder = {
    order,
    bodies: bodies.map(({ bytes, type }) => ({ base64: bytes.toBase64(), type })),
  }
  const input = child.stdin.getWriter()
  // Whether it could be written its status says.
  void input.write(new TextEncoder().encode(JSON.stringify(packed) + '\n')).catch(() => {})
  let rest = ''
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    for (const line of lines) line === '' ? started() : told(JSON.parse(line))
  }
  const { success } = await child.status
  await input.close().catch(() => {})
  if (!success) throw new Error('Cannot ask: the process of the load generator failed')
}
