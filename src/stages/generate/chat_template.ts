/**
 * Conversations as a model was taught to read them.
 *
 * @module
 */
import type { Message } from '../../pipeline/generate.ts'
import { createRendering, TemplateError } from './jinja_runner.ts'

export { TemplateError }

/** Of a template: more than any has. */
const MOST_TEMPLATE = 256 * 1024

export type ChatTemplate = (messages: readonly Message[]) => string

/**
 * @param file text of `tokenizer_config.json`, or of a template alone
 * @param config text of `tokenizer_config.json`, which names the tokens that texts begin and end with
 * @throws TemplateError where there is none, or it cannot be read
 */
export async function createChatTemplate(file: string, config?: string): Promise<ChatTemplate> {
  const source = templateIn(file)
  const rendering = await createRendering(source)
  const names = jsonOf(config ?? file) ?? {}
  const tokens = Object.fromEntries(
    ['bos_token', 'eos_token', 'pad_token', 'unk_token'].map((name) => {
      const value = names[name] as string | { content?: string } | null | undefined
      return [name, typeof value === 'string' ? value : value?.content ?? '']
    }),
  )
  return (messages) => {
    const size = source.length + messages.reduce((sum, { content }) => sum + content.length, 0)
    return rendering({ ...tokens, messages, tools: null, add_generation_prompt: true }, size)
  }
}

/** The template of a file's text. @throws TemplateError */
export function templateIn(file: string): string {
  const json = jsonOf(file)
  const own = json === undefined ? file : json['chat_template']
  // Some files have several, by name.
  const source = Array.isArray(own)
    ? (own.find(({ name }) => name === 'default') ?? own[0])?.template
    : own
  if (typeof source !== 'string' || source.trim() === '') {
    throw new TemplateError('the file has no chat_template')
  }
  if (source.length > MOST_TEMPLATE) {
    throw new TemplateError(`it is of ${source.length} letters: ${MOST_TEMPLATE} may be`)
  }
  return source
}

/** Nothing of a template alone, which begins with a brace, too. */
function jsonOf(text: string): { [name: string]: unknown } | undefined {
  try {
    const value = JSON.parse(text.replace(/^\uFEFF/, ''))
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
