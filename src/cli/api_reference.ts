/**
 * `deno run -A src/cli/api_reference.ts`: writes docs/results/api.md, every call of the HTTP API.
 *
 * @module
 */
import { join } from 'node:path'
import { openApiDocument } from '../coordinator/apis/openapi/document.ts'
import { apiMarkdown } from '../coordinator/apis/openapi/markdown.ts'
import { formatted } from './formatted.ts'
import { ROOT } from './root.ts'

export const REFERENCE: string = join(ROOT, 'docs', 'results', 'api.md')

/** As it should stand in the docs. */
export async function apiReference(): Promise<string> {
  const { version } = JSON.parse(await Deno.readTextFile(join(ROOT, 'package.json')))
  return await formatted(apiMarkdown(openApiDocument(version)))
}

if (import.meta.main) await Deno.writeTextFile(REFERENCE, await apiReference())
