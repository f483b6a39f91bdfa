/**
 * Vocabularies of models as Hugging Face stores them: `tokenizer.json` and the files beside it.
 *
 * @module
 */
import type { Tokenizer } from './types.ts'
import { type HubFile, vocabularyOf } from './hub_vocabulary.ts'

/** Texts of files. */
export interface HubTexts {
  /** `tokenizer.json`. */
  tokenizer: string
  /** `tokenizer_config.json`. */
  config?: string | undefined
  /** `generation_config.json`, or `config.json`. */
  generation?: string | undefined
}

interface Config {
  eos_token?: string | { content?: string } | null
}

interface Generation {
  eos_token_id?: number | number[] | null
}

const nothing = new Uint8Array()

/**
 * @param ends the task's end tokens; those named in the files if absent
 * @throws TypeError naming the file and its fault
 */
export async function createHubTokenizer(
  texts: HubTexts,
  ends?: readonly number[],
): Promise<Tokenizer> {
  const file = parse<HubFile>(texts.tokenizer, 'tokenizer.json')
  const config = parse<Config>(texts.config ?? '{}', 'tokenizer_config.json')
  const { size, bytes, idOf } = named('tokenizer.json', () => vocabularyOf(file))
  const found = ends ?? endsOf(config, texts.generation, idOf)
  const stray = found.find((id) => id >= size)
  if (stray !== undefined) {
    throw new TypeError(
      `Cannot use the tokenizer: token ${stray}, which is to end answers, is none of ${size}`,
    )
  }
  // Whoever has no such model has no need of it.
  const { Tokenizer: Hub } = await import('@huggingface/tokenizers')
  const hub = named('tokenizer.json', () => new Hub(file, config))
  const idsOf = (text: string, add: boolean) => hub.encode(text, { add_special_tokens: add }).ids
  const prefix = named('tokenizer.json', () => prefixOf(idsOf('a', true), idsOf('a', false)))
  return {
    size,
    ends: found,
    encode(text) {
      const ids = idsOf(text, false)
      // A template may have written it already.
      return prefix.every((id, i) => ids[i] === id) ? ids : [...prefix, ...ids]
    },
    bytesOf: (id) => found.includes(id) ? nothing : bytes[id] ?? nothing,
  }
}

/** Tokens put before each text; tokens put behind it would end it before the answer. */
function prefixOf(all: readonly number[], plain: readonly number[]): number[] {
  const fits = (at: number) => plain.every((id, i) => all[at + i] === id)
  const at = all.findIndex((_, i) => fits(i))
  return at < 0 ? [] : all.slice(0, at)
}

function endsOf(
  { eos_token: end }: Config,
  generationText: string | undefined,
  idOf: (token: string) => number | undefined,
): number[] {
  const { eos_token_id: ids } = parse<Generation>(generationText ?? '{}', 'generation_config.json')
  const name = typeof end === 'string' ? end : end?.content
  const all = [ids ?? [], name === undefined ? [] : idOf(name) ?? []].flat()
  return [...new Set(all.filter((id) => Number.isInteger(id) && id >= 0))]
}

function parse<T>(text: string, name: string): T {
  return named(name, () => {
    const value = JSON.parse(text.replace(/^\uFEFF/, ''))
    if (typeof value === 'object' && value !== null) return value as T
    throw new TypeError('it is no object')
  })
}

function named<T>(name: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new TypeError(`Cannot use ${name}: ${(error as Error).message}`, { cause: error })
  }
}
