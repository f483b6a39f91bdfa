/** Whether a process that nothing else would end does so by itself. @module */

/** On a busy machine it may take a while. */
const PATIENCE_MS = 20_000

/** Kills it if it does not. @param ended settles when it has ended */
export async function endsByItself(ended: Promise<unknown>, pid: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(false), PATIENCE_MS)
  void ended.then(() => resolve(true))
  const did = await promise
  clearTimeout(timer)
  if (!did) Deno.kill(pid, 'SIGKILL')
  await ended
  return did
}
