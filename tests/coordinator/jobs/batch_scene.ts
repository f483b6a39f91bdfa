/** Batches on a pipeline that says again what it was asked, in capitals. */
import type { Generated } from '../../../src/pipeline/generate.ts'
import { checkPipeline } from '../../../src/pipeline/parse.ts'
import type { Behaviour } from '../fixture.ts'

export const scribe = checkPipeline({
  ...{ schema: 'shoal-pipeline/1', name: 'scribe', sloMs: 5000, root: 'tell' },
  tasks: {
    tell: { kind: 'generate', context: 64, variants: { only: { accuracy: 0.9, referenceMs: 1 } } },
  },
  output: { said: { each: 'tell', with: ['text', 'finish'] } },
}, 'scribe')

export const echoes: Behaviour = ({ message, blobs }) => ({
  items: message.items.map(({ payload }) => {
    const text = new TextDecoder().decode('blob' in payload ? blobs[payload.blob] : undefined)
      .toUpperCase()
    const fields = {
      ...{ text, ids: [...text].map((_, i) => i), finish: 'stop' as const },
      ...{ promptTokens: 2, completionTokens: text.length },
    } satisfies Generated
    return { ok: true, fields, children: {} }
  }),
})

/** A line of a batch's file. */
export const line = (custom_id: string, prompt: unknown, more = {}) =>
  JSON.stringify({
    ...{ custom_id, method: 'POST', url: '/v1/completions' },
    body: { model: 'scribe', prompt },
    ...more,
  })
