/**
 * Markdown: tables, and a page as `deno fmt` leaves it.
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

export const tableOf = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
