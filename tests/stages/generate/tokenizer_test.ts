/** Texts to tokens, and tokens to bytes, of bytes and of each kind of file. */
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { createTokenizer } from '../../../src/stages/generate/tokenizer.ts'
import type { Tokenizer } from '../../../src/stages/generate/types.ts'
import { byteLevel, sentencePiece, unigram, wordPiece } from './hub_files.ts'

const hub = (file: object, config?: object, generation?: object, end?: number[]) =>
  createTokenizer({ tokenizer: 'tokenizer.json', end }, {
    tokenizer: JSON.stringify(file),
    config: config && JSON.stringify(config),
    generation: generation && JSON.stringify(generation),
  })

const textOf = ({ bytesOf }: Tokenizer, ids: readonly number[]) =>
  new TextDecoder().decode(Uint8Array.from(ids.flatMap((id) => [...bytesOf(id)])))

Deno.test('bytes are tokens, and those that end an answer have no text', async () => {
  const tokenizer = await createTokenizer({ tokenizer: 'bytes', end: [2] }, {})
  deepEqual(tokenizer.encode('aé'), [0x61, 0xc3, 0xa9])
  equal(textOf(tokenizer, [0x61, 2, 0xc3, 0xa9]), 'aé')
  deepEqual([tokenizer.size, tokenizer.ends], [256, [2]])
})

Deno.test('a byte-level vocabulary: merges, blanks, bytes of any letter, added tokens', async () => {
  const tokenizer = await hub(byteLevel, { eos_token: '<|im_end|>' })
  deepEqual(tokenizer.encode('hell he'), [256, 257, 258])
  deepEqual(tokenizer.encode('<|im_start|>he<|im_end|>'), [259, 256, 260])
  for (const text of ['hell he\n\t', '漢é\u{1d11e}', '<é>x', ' \u00a0\u00ad']) {
    equal(textOf(tokenizer, tokenizer.encode(text)), text)
  }
  equal(textOf(tokenizer, [259, 256, 260]), 'he')
  deepEqual([tokenizer.size, tokenizer.ends], [262, [260]])
})

Deno.test('a vocabulary with a mark for blanks begins each text once, and falls back on bytes', async () => {
  const tokenizer = await hub(sentencePiece, { eos_token: { content: '</s>' }, bos_token: '<s>' })
  deepEqual(tokenizer.encode('ab ab'), [1, 263, 263])
  // As a template writes it.
  deepEqual(tokenizer.encode('<s>ab'), [1, 263])
  deepEqual(tokenizer.encode('é'), [1, 259, 3 + 0xc3, 3 + 0xa9])
  equal(textOf(tokenizer, tokenizer.encode('ab é')), ' ab é')
  deepEqual([tokenizer.size, tokenizer.ends], [264, [2]])
})

Deno.test('a vocabulary by likelihood, and one of pieces of words', async () => {
  const pieces = await hub(unigram, {}, undefined, [0])
  deepEqual(pieces.encode('ab a'), [5, 1])
  equal(textOf(pieces, [5, 1, 3]), ' ab ab')
  const words = await hub(wordPiece, { eos_token: '[SEP]' })
  // What stands behind a text would end it before the answer.
  deepEqual(words.encode('playing'), [1, 3, 4])
  equal(textOf(words, [3, 4, 3]), ' playing play')
})

Deno.test('answers end with what the files name, or the task', async () => {
  const both = await hub(byteLevel, { eos_token: '<|im_end|>' }, { eos_token_id: [259, 260] })
  deepEqual(both.ends, [259, 260])
  deepEqual((await hub(byteLevel, {}, { eos_token_id: 259 })).ends, [259])
  deepEqual((await hub(byteLevel, { eos_token: '<|im_end|>' }, {}, [7])).ends, [7])
  deepEqual((await hub(byteLevel)).ends, [])
})

Deno.test('a file that is no tokenizer is refused, with its name and what is wrong', async () => {
  const of = (tokenizer: string) => createTokenizer({ tokenizer: 'x.json' }, { tokenizer })
  await rejects(of('<!doctype html>'), /Cannot use tokenizer.json: .*JSON/)
  await rejects(of('{}'), /Cannot use tokenizer.json: it has no model.vocab/)
  await rejects(of('null'), /it is no object/)
  await rejects(of('{"model":{"vocab":{"a":-1}}}'), /is not of tokens and numbers/)
  await rejects(of('{"model":{"vocab":{"a":1e9}}}'), /its vocabulary has 1000000001 tokens/)
  await rejects(of('{"model":{"type":"Sorcery","vocab":{"a":0}}}'), /Cannot use tokenizer.json/)
  await rejects(createTokenizer({ tokenizer: 'x.json' }, {}), /Cannot use x.json: its text/)
  await rejects(hub(byteLevel, {}, {}, [999]), /token 999, which is to end answers, is none of 262/)
})
