/**
 * The vocabulary of a task: bytes, or what files beside its models say.
 *
 * @module
 */
import type { GenerateTask } from '../../pipeline/generate.ts'
import { BYTES, createBytesTokenizer } from './bytes_tokenizer.ts'
import { createHubTokenizer, type HubTexts } from './hub_tokenizer.ts'
import type { Tokenizer } from './types.ts'

/** Texts of the files that a task names in `files`. */
export interface TaskTexts extends Partial<HubTexts> {
  /** With a chat template in it, or nothing else. */
  template?: string | undefined
}

/** @throws TypeError naming the file and its fault */
export async function createTokenizer(
  { tokenizer, end }: Pick<GenerateTask, 'tokenizer' | 'end'>,
  { tokenizer: text, config, generation }: TaskTexts,
): Promise<Tokenizer> {
  if (tokenizer === BYTES) return createBytesTokenizer(end)
  if (text === undefined) throw new TypeError(`Cannot use ${tokenizer}: its text is not here`)
  return await createHubTokenizer({ tokenizer: text, config, generation }, end)
}
