/**
 * `deno run -A src/cli/api_reference.ts`: writes docs/results/api.md, every call of the HTTP API.
 *
 * @module
 */
import { join } from 'node:path'
import { openApiDocument } from '../coordinator/openapi/document.ts'
import { apiMarkdown } from '../coordinator/openapi/markdown.ts'
import { ROOT } from './root.ts'

export const REFERENCE: string = join(ROOT, 'docs', 'results', 'api.md')

/** As it should stand in the docs. */
export async function apiReference(): Promise<string> {
  const { version } = JSON.parse(await Deno.readTextFile(join(ROOT, 'package.json')))
  const formatted = new Deno.Command(Deno.execPath(), {
    args: ['fmt', '--ext', 'md', '-'],
    cwd: ROOT,
    stdin: 'piped',
    stdout: 'piped',
    stderr: 'inherit',
  }).spawn()
  const input = formatted.stdin.getWriter()
  await input.write(new TextEncoder().encode(apiMarkdown(openApiDocument(version))))
  await input.close()
  return new TextDecoder().decode((await formatted.output()).stdout)
}

if (import.meta.main) await Deno.writeTextFile(REFERENCE, await apiReference())
