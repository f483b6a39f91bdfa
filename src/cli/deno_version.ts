/**
 * The least Deno that runs Shoal; imported first by every command, so that an old one says so
 * instead of failing somewhere inside.
 *
 * @module
 */

export const LEAST_DENO = '2.5.0'
/** That of the tests, and of all that this project says or does with a version of Deno. */
export const TESTED_DENO = '2.9.6'

/** Whether version `is` (as `2.9.6`) is at least `least`. */
export function isAtLeast(is: string, least: string): boolean {
  const parts = (version: string) => version.split(/[.+-]/).slice(0, 3).map(Number)
  const [a, b] = [parts(is), parts(least)]
  for (let i = 0; i < 3; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return true
}

/** Ends the process, and says why, where this Deno is older. */
export function requireDeno(least: string, what: string): void {
  if (isAtLeast(Deno.version.deno, least)) return
  console.error(
    `Cannot run on Deno ${Deno.version.deno}: ${what} needs ${least} or newer. ` +
      `Run \`deno upgrade\`, or use \`npx -y deno@${TESTED_DENO} task ...\`, which fetches that one.`,
  )
  Deno.exit(1)
}

requireDeno(LEAST_DENO, 'Shoal')
