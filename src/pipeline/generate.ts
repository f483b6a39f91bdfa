/**
 * Tasks of kind `generate`: what a pipeline file says of one, what a query may ask of it, and what is
 * said of an answer that is not whole yet. Node, coordinator and interfaces read the same.
 *
 * @module
 */
import { z } from 'zod'
import type { Pipeline, Task } from './schema.ts'

export const GENERATE = 'generate'

/** Most tokens of prompt and answer together. */
export const MOST_CONTEXT = 131_072
/** Most characters of one stop string, and most strings. */
export const STOPS = { strings: 5, characters: 200 } as const
/** Sequences that a slot generates at the same time, where the task does not say. */
const USUAL_ROWS = 8

const tokens = z.number().int().min(1).max(MOST_CONTEXT)
const stops = z.array(z.string().min(1).max(STOPS.characters)).max(STOPS.strings)

/** How a pipeline file describes a task that generates. */
export const generateSchema = z.looseObject({
  /** Tokens of prompt and answer together. */
  context: tokens,
  /** Most tokens of an answer that asks for no other number; what the context leaves where absent. */
  maxTokens: tokens.optional(),
  /** What the model reads, with `{text}` for the text of the query: without a template. */
  prompt: z.string().max(100_000).default('{text}'),
  /** `bytes`, or a file of the folder: `tokenizer.json` in the format of Hugging Face. */
  tokenizer: z.string().default('bytes'),
  /** A file of the folder with a chat template: `tokenizer_config.json`, or one of Jinja alone. */
  template: z.string().optional(),
  /** Tokens that end an answer; those that the tokenizer's files name where absent. */
  end: z.array(z.number().int().min(0)).max(16).optional(),
  stop: stops.default([]),
  /** JSON schema that every answer keeps to. */
  schema: z.record(z.string(), z.json()).optional(),
  /** Sequences that a slot generates at the same time. */
  rows: z.number().int().min(1).max(64).default(USUAL_ROWS),
  /** Tokens of a usual query and its answer: what is measured before any was seen. */
  typical: z.object({ prompt: tokens, completion: tokens }).default({ prompt: 64, completion: 64 }),
})

export type GenerateTask = z.infer<typeof generateSchema>

/** What one query asks of a task that generates. */
export const askSchema = z.strictObject({
  maxTokens: tokens.optional(),
  /** 0, or absent: always the likeliest token. */
  temperature: z.number().min(0).max(2).optional(),
  topP: z.number().gt(0).max(1).optional(),
  /** Of its own random numbers: with the same seed a variant says the same. */
  seed: z.number().int().min(0).max(0xffffffff).optional(),
  stop: stops.optional(),
  schema: z.record(z.string(), z.json()).optional(),
})

export type Ask = z.infer<typeof askSchema>

export interface Message {
  role: string
  content: string
}

/**
 * Meta of an item of such a task. The text is the item's bytes, in UTF-8; of a conversation they are
 * JSON, a list of {@linkcode Message}; of a task that gathers, `gathered` has one entry for each item of the
 * task before it, with its fields and what was said of it, and the bytes are empty.
 */
export interface GenerateMeta {
  type?: 'text/plain' | 'application/json'
  ask?: Ask
  gathered?: { [field: string]: unknown }[]
  /** Tokens of the answer that were said before, on another node: the answer goes on behind them. */
  said?: number[]
}

/** Fields of a result of such a task. */
export interface Generated {
  /** The whole answer, without the stop string that ended it. */
  text: string
  /** Its tokens, without the one that ended it. */
  ids: number[]
  /** `stop`: it came to its end; `length`: to the most tokens. */
  finish: 'stop' | 'length'
  promptTokens: number
  completionTokens: number
  /** Where a schema is kept to: the value that the text is. */
  json?: unknown
}

/** More of an answer that is not whole yet. */
export interface Said {
  /** Position of the item in its batch. */
  item: number
  /** Of its tokens so far: index of the first of `ids`. */
  from: number
  ids: number[]
  /** Index of the first UTF-16 code unit of `text` in the whole answer. */
  at: number
  /** What of the answer is certain now: nothing that may yet turn out to begin a stop string. */
  text: string
}

const known = new WeakMap<object, GenerateTask>()

/** What a task of this kind says, with what it leaves out. @throws ZodError */
export function generateTaskOf(task: Task): GenerateTask {
  let parsed = known.get(task)
  if (parsed === undefined) known.set(task, parsed = generateSchema.parse(task))
  return parsed
}

/** The last task that generates, whose text is what a stream of the pipeline carries. */
export function generatingTask({ tasks }: Pipeline): string | undefined {
  return Object.keys(tasks).findLast((name) => tasks[name]!.kind === GENERATE)
}

/** Whether a query of this pipeline is a text. */
export const takesText = ({ root, tasks }: Pipeline): boolean => tasks[root]?.kind === GENERATE
