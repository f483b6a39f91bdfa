/**
 * Markdown as `deno fmt` leaves it.
 *
 * @module
 */
import { ROOT } from './root.ts'

export async function formatted(markdown: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ['fmt', '--ext', 'md', '-'],
    cwd: ROOT,
    stdin: 'piped',
    stdout: 'piped',
    stderr: 'inherit',
  }).spawn()
  const input = child.stdin.getWriter()
  await input.write(new TextEncoder().encode(markdown))
  await input.close()
  return new TextDecoder().decode((await child.output()).stdout)
}
