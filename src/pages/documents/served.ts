/**
 * Which pipeline reads documents here.
 *
 * @module
 */
import type { Client } from '../../client/mod.ts'
import { withKey } from '../key.ts'
import { say } from './say.ts'

const USUAL = 'documents'
const AGAIN_MS = 3000

/**
 * Resolves once it is served. Another than `documents` is named in the page's address, as
 * `/documents?pipeline=letters`.
 */
export async function learnPipeline(client: Client): Promise<string> {
  const wanted = new URLSearchParams(location.search).get('pipeline') ?? USUAL
  for (;;) {
    try {
      const served = await withKey(() => client.getPipelines())
      const isServed = served.some(({ name }) => name === wanted)
      say(
        'news',
        isServed ? '' : `This coordinator does not serve the pipeline ${wanted}, which ` +
          'reads documents. It is served where deno task start is given no --pipeline, or this one.',
      )
      if (isServed) return wanted
    } catch {
      say('news', 'The coordinator does not answer. Trying again.')
    }
    await new Promise((done) => setTimeout(done, AGAIN_MS))
  }
}
