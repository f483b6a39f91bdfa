/**
 * Whose fault it is where a model gives nothing: that of what it was fed, or the engine's.
 *
 * @module
 */

/** As engines name them: what an input may be the cause of. */
const MAYBE_OF_INPUT: readonly unknown[] = ['run_failed', 'not_finite']

/**
 * What is wrong with the input: the model still runs what it ran as it was loaded.
 *
 * @throws the error itself where the input is not to blame
 */
export async function faultOfInput(
  error: unknown,
  runUsual: () => Promise<unknown>,
): Promise<string> {
  const { code, message } = error as { code?: unknown; message: string }
  if (!MAYBE_OF_INPUT.includes(code)) throw error
  try {
    await runUsual()
  } catch {
    throw error
  }
  return message
}
