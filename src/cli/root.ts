import { fileURLToPath } from 'node:url'

/** The project's folder. */
export const ROOT: string = fileURLToPath(new URL('../../', import.meta.url))

export const fromFileUrl = (url: URL): string => fileURLToPath(url)
