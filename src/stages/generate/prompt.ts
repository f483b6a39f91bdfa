/**
 * The prompt of an item: a text, a conversation, or the texts found in a picture.
 *
 * @module
 */
import { z } from 'zod'
import { firstFault } from '../../pipeline/error.ts'
import type { GenerateTask, Message } from '../../pipeline/generate.ts'
import type { StageItem } from '../types.ts'
import { type ChatTemplate, createChatTemplate, TemplateError } from './chat_template.ts'
import { textOfFound } from './rows.ts'
import type { TaskTexts } from './tokenizer.ts'

/** The item's fault: `invalid_input`. */
export class PromptError extends TypeError {
  override name = 'PromptError'
}

/** @throws PromptError where the item is no such text */
export type Prompter = (item: StageItem) => string

const TEXT = '{text}'
/** No token is of more. */
const LETTERS = 256
const messagesSchema = z.array(z.object({ role: z.string().max(64), content: z.string() }))
  .min(1).max(10_000)
const gatheredSchema = z.array(z.record(z.string(), z.unknown())).max(100_000)

/** @throws TemplateError where the task's template cannot be read */
export async function createPrompter(
  { prompt, template: name, context }: Pick<GenerateTask, 'prompt' | 'template' | 'context'>,
  { template: text, config }: TaskTexts,
): Promise<Prompter> {
  if (name !== undefined && text === undefined) {
    throw new TypeError(`Cannot use ${name}: its text is not here`)
  }
  const template = text === undefined ? undefined : await createChatTemplate(text, config)
  const promptOf = (item: StageItem): string => {
    const asked = askedBy(item)
    if (template !== undefined) {
      return rendered(
        template,
        typeof asked === 'string' ? [{ role: 'user', content: asked }] : asked,
      )
    }
    const said = typeof asked === 'string' ? asked : lastOfUser(asked)
    const at = prompt.indexOf(TEXT)
    // Once, and as it is.
    return at < 0 ? prompt : prompt.slice(0, at) + said + prompt.slice(at + TEXT.length)
  }
  return (item) => {
    const made = promptOf(item)
    // Else some would be cut into tokens for minutes only to be found too long.
    if (made.length <= context * LETTERS) return made
    throw new PromptError(
      `The prompt is of ${made.length} letters, more than fit into ${context} tokens`,
    )
  }
}

function askedBy({ meta, bytes }: StageItem): string | Message[] {
  if (meta['gathered'] !== undefined) {
    return textOfFound(checked(gatheredSchema, meta['gathered'], 'what was gathered'))
  }
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new PromptError('Cannot use the text: it is not UTF-8')
  }
  const { type = 'text/plain' } = meta
  if (type === 'text/plain') return text
  if (type !== 'application/json') {
    const found = JSON.stringify(type).slice(0, 100)
    throw new PromptError(`Cannot use an input of type ${found}: text or messages are taken`)
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new PromptError(`Cannot use the messages: not JSON: ${(error as Error).message}`)
  }
  return checked(messagesSchema, json, 'the messages')
}

function checked<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const { path, fault } = firstFault(parsed.error)
  throw new PromptError(`Cannot use ${what}: ${path === '' ? '' : `${path}: `}${fault}`)
}

function lastOfUser(messages: readonly Message[]): string {
  const last = messages.findLast(({ role }) => role === 'user')
  if (last !== undefined) return last.content
  throw new PromptError('Cannot use the messages: none is of role user')
}

/** A template refuses conversations that its model was not taught. */
function rendered(template: ChatTemplate, messages: readonly Message[]): string {
  try {
    return template(messages)
  } catch (error) {
    if (error instanceof TemplateError) throw new PromptError(error.message, { cause: error })
    throw error
  }
}
