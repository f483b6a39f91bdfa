/**
 * Waiting, but not for ever.
 *
 * @module
 */

/** Nothing where it takes longer; `Infinity` waits on. */
export async function within<T>(ms: number, result: Promise<T>): Promise<T | undefined> {
  if (ms === Infinity) return await result
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<undefined>((done) => timer = setTimeout(() => done(undefined), ms))
  try {
    return await Promise.race([result, late])
  } finally {
    clearTimeout(timer)
  }
}
