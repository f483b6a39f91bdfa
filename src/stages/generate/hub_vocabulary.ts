/**
 * The bytes that each token of a `tokenizer.json` stands for. Files say that in three ways: by letters
 * that stand for bytes, by a mark that stands for a blank, and by a mark for what goes on with a word.
 *
 * @module
 */
export interface HubFile {
  added_tokens?: { id: number; content: string; special?: boolean }[]
  decoder?: Decoder | null
  pre_tokenizer?: Decoder | null
  model: {
    type?: string
    vocab: { [token: string]: number } | [token: string, score: number][]
    byte_fallback?: boolean
    continuing_subword_prefix?: string
    end_of_word_suffix?: string
  }
}

interface Decoder {
  type?: string
  decoders?: Decoder[]
  pretokenizers?: Decoder[]
  replacement?: string
}

export interface Vocabulary {
  size: number
  /** By id; absent for special tokens, and ids without a token. */
  bytes: Uint8Array[]
  idOf(token: string): number | undefined
}

/** More than any model has. */
const MOST_TOKENS = 1_000_000
const BLANK = '\u2581'

const encoder = new TextEncoder()

/** @throws TypeError where it has no usable vocabulary */
export function vocabularyOf(file: HubFile): Vocabulary {
  const entries = entriesOf(file)
  const added = file.added_tokens ?? []
  const ids = new Map<string, number>([
    ...entries,
    ...added.map(({ content, id }) => [content, id] as const),
  ])
  const size = Math.max(-1, ...[entries, added.map(({ id }) => ['', id] as const)].map(largest)) + 1
  if (size === 0 || size > MOST_TOKENS) {
    throw new TypeError(`its vocabulary has ${size} tokens: 1 to ${MOST_TOKENS} may be`)
  }
  const bytesOf = reader(file)
  const bytes: Uint8Array[] = []
  for (const [token, id] of entries) bytes[id] = bytesOf(token)
  // Added tokens are written as they are.
  for (const { id, content, special } of added) {
    if (special === true) delete bytes[id]
    else bytes[id] = encoder.encode(content)
  }
  return { size, bytes, idOf: (token) => ids.get(token) }
}

const largest = (entries: readonly (readonly [string, number])[]) =>
  entries.reduce((most, [, id]) => Math.max(most, id), -1)

function entriesOf({ model }: HubFile): [string, number][] {
  const { vocab } = model ?? {}
  if (typeof vocab !== 'object' || vocab === null) throw new TypeError('it has no model.vocab')
  const entries: [string, number][] = Array.isArray(vocab)
    ? vocab.map(([token], id) => [token, id])
    : Object.entries(vocab)
  const isOne = ([token, id]: [string, number]) =>
    typeof token === 'string' && Number.isInteger(id) && id >= 0
  if (!entries.every(isOne)) throw new TypeError('its model.vocab is not of tokens and numbers')
  return entries
}

function reader(file: HubFile): (token: string) => Uint8Array {
  const parts = [...partsOf(file.decoder), ...partsOf(file.pre_tokenizer)]
  const has = (type: string) => parts.some((one) => one.type === type)
  const { type, byte_fallback, continuing_subword_prefix: prefix, end_of_word_suffix: suffix } =
    file.model
  if (has('ByteLevel')) return byteLevel
  if (type === 'WordPiece' || has('WordPiece')) {
    const more = prefix ?? '##'
    return (token) =>
      encoder.encode(token.startsWith(more) ? token.slice(more.length) : ` ${token}`)
  }
  const mark = parts.find((one) => one.type === 'Metaspace')?.replacement ?? BLANK
  return (token) => {
    const [, code] = byte_fallback === true || has('ByteFallback')
      ? /^<0x([\da-f]{2})>$/i.exec(token) ?? []
      : []
    if (code !== undefined) return Uint8Array.of(parseInt(code, 16))
    const text = token.replaceAll(mark, ' ')
    return encoder.encode(
      suffix && text.endsWith(suffix) ? `${text.slice(0, -suffix.length)} ` : text,
    )
  }
}

function partsOf(one: Decoder | null | undefined): Decoder[] {
  if (!one) return []
  return [one, ...[...one.decoders ?? [], ...one.pretokenizers ?? []].flatMap(partsOf)]
}

/** Each byte as a letter that can be seen, as the first such tokenizers had it. */
const BYTES = new Map<string, number>()
for (let byte = 0, further = 256; byte < 256; byte++) {
  const isSeen = byte >= 33 && byte <= 126 || byte >= 161 && byte !== 173
  BYTES.set(String.fromCharCode(isSeen ? byte : further++), byte)
}

function byteLevel(token: string): Uint8Array {
  const bytes = [...token].map((letter) => BYTES.get(letter))
  return bytes.includes(undefined) ? encoder.encode(token) : Uint8Array.from(bytes as number[])
}
