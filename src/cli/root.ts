import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TESTED_DENO } from './deno_version.ts'
import { variable } from './variable.ts'

/** The project's folder. */
export const ROOT: string = fileURLToPath(new URL('../../', import.meta.url))

/** Where all is kept: models, keys, the coordinator's store. */
export const HOME: string = resolve(variable('SHOAL_HOME') || join(ROOT, '.shoal'))

/** What goes before the name of a command, as whoever started this one wrote it. */
export const COMMAND: string = variable('SHOAL_COMMAND') ||
  (variable('npm_command') === 'exec' ? `npx -y deno@${TESTED_DENO} task` : 'deno task')

export const fromFileUrl = (url: URL): string => fileURLToPath(url)
