/** Small files as Hugging Face's libraries write them, one of each kind of vocabulary. */

const seen = (byte: number) => byte >= 33 && byte <= 126 || byte >= 161 && byte !== 173
let further = 256
/** Letters that stand for bytes in byte-level vocabularies. */
export const LETTERS = Array.from(
  { length: 256 },
  (_, byte) => String.fromCharCode(seen(byte) ? byte : further++),
)
const letters = (text: string) =>
  [...new TextEncoder().encode(text)].map((byte) => LETTERS[byte]).join('')

const numbered = (tokens: readonly string[]) =>
  Object.fromEntries(tokens.map((token, id) => [token, id]))

/** Bytes are tokens 0 to 255; then `he`, `ll`, ` he`, and three that were added. */
export const byteLevel = {
  version: '1.0',
  added_tokens: [
    { id: 259, content: '<|im_start|>', special: true },
    { id: 260, content: '<|im_end|>', special: true },
    { id: 261, content: '<é>', special: false },
  ].map((token) => ({
    ...token,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  })),
  normalizer: null,
  pre_tokenizer: {
    type: 'ByteLevel',
    add_prefix_space: false,
    trim_offsets: true,
    use_regex: true,
  },
  post_processor: null,
  decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
  model: {
    type: 'BPE',
    unk_token: null,
    vocab: numbered([...LETTERS, 'he', 'll', letters(' he')]),
    merges: ['h e', 'l l', `${letters(' ')} he`],
  },
}

/** As Llama has it: a mark for blanks, bytes for what is in no token, `<s>` before each text. */
export const sentencePiece = {
  version: '1.0',
  added_tokens: ['<unk>', '<s>', '</s>'].map((content, id) => ({
    ...{ id, content, special: true, normalized: false },
    ...{ single_word: false, lstrip: false, rstrip: false },
  })),
  normalizer: {
    type: 'Sequence',
    normalizers: [
      { type: 'Prepend', prepend: '\u2581' },
      { type: 'Replace', pattern: { String: ' ' }, content: '\u2581' },
    ],
  },
  pre_tokenizer: null,
  post_processor: {
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
    pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
    special_tokens: { '<s>': { id: '<s>', ids: [1], tokens: ['<s>'] } },
  },
  decoder: {
    type: 'Sequence',
    decoders: [
      { type: 'Replace', pattern: { String: '\u2581' }, content: ' ' },
      { type: 'ByteFallback' },
      { type: 'Fuse' },
      { type: 'Strip', content: ' ', start: 1, stop: 0 },
    ],
  },
  model: {
    type: 'BPE',
    unk_token: '<unk>',
    fuse_unk: true,
    byte_fallback: true,
    vocab: numbered([
      ...['<unk>', '<s>', '</s>'],
      ...Array.from(
        { length: 256 },
        (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
      ),
      ...['\u2581', 'a', 'b', 'ab', '\u2581ab'],
    ]),
    merges: ['a b', '\u2581 ab'],
  },
}

export const unigram = {
  version: '1.0',
  added_tokens: [{ id: 0, content: '<unk>', special: true, normalized: false }],
  normalizer: null,
  pre_tokenizer: {
    type: 'Metaspace',
    replacement: '\u2581',
    prepend_scheme: 'always',
    split: true,
  },
  post_processor: null,
  decoder: { type: 'Metaspace', replacement: '\u2581', prepend_scheme: 'always', split: true },
  model: {
    type: 'Unigram',
    unk_id: 0,
    vocab: [['<unk>', 0], ['\u2581a', -1], ['a', -2], ['b', -2], ['\u2581', -3], [
      '\u2581ab',
      -1.5,
    ]],
  },
}

export const wordPiece = {
  version: '1.0',
  added_tokens: [
    { id: 0, content: '[UNK]', special: true, normalized: false },
    { id: 1, content: '[CLS]', special: true, normalized: false },
    { id: 2, content: '[SEP]', special: true, normalized: false },
  ],
  normalizer: null,
  pre_tokenizer: { type: 'Whitespace' },
  post_processor: {
    type: 'BertProcessing',
    cls: ['[CLS]', 1],
    sep: ['[SEP]', 2],
  },
  decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: numbered(['[UNK]', '[CLS]', '[SEP]', 'play', '##ing']),
  },
}
