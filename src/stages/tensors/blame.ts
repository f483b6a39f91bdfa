/**
 * Tells whether the input or the engine is at fault where a model fails.
 *
 * @module
 */

/** As engines name them: what an input may be the cause of. */
const MAYBE_OF_INPUT: readonly unknown[] = ['run_failed', 'not_finite']

/**
 * The input's fault: if the model still runs the feeds of its loading, the input is to blame.
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
