/**
 * One answer while it grows: its tokens, its text, what it must keep to, and when it is over.
 *
 * @module
 */
import type { Ask, Generated, GenerateTask, Said } from '../../../pipeline/generate.ts'
import type { Constraint, Tokenizer } from '../../../stages/generate/types.ts'
import type { Kv } from './cache.ts'
import { deferred } from './deferred.ts'
import type { Row } from './program.ts'
import type { Choice, Sampler } from './sampler.ts'
import { type AnswerText, createAnswerText } from './text.ts'

export interface Request {
  /** Its position in its batch, which is told with what is said. */
  item: number
  prompt: readonly number[]
  /** Tokens of the answer that were said before, elsewhere. */
  said?: readonly number[]
  ask: Ask
  constraint?: Constraint
  /** By the clock of the loop. */
  expiresMs: number
}

export type Ended =
  | { ok: true; generated: Generated }
  | { ok: false; reason: 'invalid_input' | 'internal' | 'expired' | 'left'; message: string }

/** What a sequence needs of the task and of what serves it. */
export interface SequenceParts {
  task: Pick<GenerateTask, 'context' | 'maxTokens' | 'end' | 'stop'>
  tokenizer: Tokenizer
  sampler: Sampler
  /** For a query that names no seed. */
  seed(): number
}

export class Sequence implements Row {
  /** Of prompt and answer. */
  readonly ids: number[]
  /** Set while it has a place in the loop. */
  declare kv: Kv
  /** Tokens that the next run takes. */
  count = 0
  ended: Ended | undefined
  /** Of the one who waits for it; settled when its memory is free. */
  readonly outcome = deferred<Ended>()
  toldMs = -Infinity
  readonly #promptTokens: number
  readonly #most: number
  readonly #text: AnswerText
  readonly #choice: Choice
  readonly #ends: readonly number[]
  #told: number

  constructor(
    readonly request: Request,
    private readonly parts: SequenceParts,
    private readonly tell?: (said: Said) => void,
  ) {
    const { prompt, said = [], ask, constraint } = request
    const { task, tokenizer } = parts
    this.ids = [...prompt, ...said]
    this.#promptTokens = prompt.length
    const room = task.context - prompt.length
    this.#most = Math.min(ask.maxTokens ?? task.maxTokens ?? room, room)
    this.#text = createAnswerText([...task.stop, ...ask.stop ?? []])
    this.#choice = {
      temperature: ask.temperature ?? 0,
      topP: ask.topP ?? 1,
      seed: ask.seed ?? (ask.temperature ? parts.seed() : 0),
    }
    const ends = task.end ?? tokenizer.ends
    // A schema lets through the tokenizer's own ends, whichever the task names.
    this.#ends = constraint === undefined ? ends : [...ends, ...tokenizer.ends]
    this.#told = said.length
    this.#attempt(() => this.#begin(room))
  }

  /** Most tokens that it may come to hold; the last one is never read again. */
  get mostTokens(): number {
    return this.#promptTokens + this.#most - 1
  }

  /** Tokens that no run has taken yet. */
  get pending(): number {
    return this.ids.length - (this.kv?.length ?? 0)
  }

  /** After a run that took all that was pending. */
  goOn(logits: Float32Array): void {
    this.#attempt(() => {
      const { constraint } = this.request
      const index = this.ids.length - this.#promptTokens
      const id = this.parts.sampler.pick(logits, this.#choice, index, constraint?.mask())
      if (id === -1) throw new Error('The model tells no token that may come')
      this.#push(id)
      this.#pushForced()
    })
  }

  fail(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error)
    this.ended ??= { ok: false, reason: 'internal', message }
  }

  /** Tells what is new, if anything is. */
  sayMore(): void {
    this.#attempt(() => this.#sayMore())
  }

  /** What goes wrong with one sequence is no reason for others to end. */
  #attempt(what: () => void): void {
    try {
      what()
    } catch (error) {
      this.fail(error)
    }
  }

  #sayMore(): void {
    const said = this.ids.length - this.#promptTokens
    const at = this.#text.length
    const text = this.#text.fresh()
    if (said === this.#told && text === '') return
    const from = this.#told
    this.#told = said
    this.tell?.({
      item: this.request.item,
      from,
      at: at - text.length,
      text,
      ids: this.ids.slice(this.#promptTokens + from),
    })
  }

  #begin(room: number): void {
    const { prompt, said = [], constraint } = this.request
    const { context } = this.parts.task
    if (prompt.length === 0) {
      this.ended = { ok: false, reason: 'invalid_input', message: 'The prompt has no tokens' }
    } else if (room < 1) {
      this.ended = {
        ok: false,
        reason: 'invalid_input',
        message: `The prompt has ${prompt.length} tokens, and ${context - 1} fit`,
      }
    }
    if (this.ended !== undefined) return
    for (const id of said) {
      constraint?.accept(id)
      this.#text.add(this.parts.tokenizer.bytesOf(id))
    }
    this.#text.fresh()
    if (constraint?.isOver) this.#finish('stop')
    else if (said.length >= this.#most) this.#finish('length')
    else this.#pushForced()
  }

  /** Tokens that the schema leaves no choice about need no run of their own. */
  #pushForced(): void {
    const { constraint } = this.request
    while (constraint !== undefined && this.ended === undefined) {
      const id = constraint.forced()
      if (id === -1) return
      this.#push(id)
    }
  }

  #push(id: number): void {
    if (this.#ends.includes(id)) return this.#finish('stop')
    const { constraint } = this.request
    constraint?.accept(id)
    if (this.#text.add(this.parts.tokenizer.bytesOf(id))) return this.#finish('stop')
    this.ids.push(id)
    if (constraint?.isOver) this.#finish('stop')
    else if (this.ids.length - this.#promptTokens >= this.#most) this.#finish('length')
  }

  #finish(finish: Generated['finish']): void {
    this.#text.end()
    this.#sayMore()
    const ids = this.ids.slice(this.#promptTokens)
    const text = this.#text.text
    const generated: Generated = {
      text,
      ids,
      finish,
      promptTokens: this.#promptTokens,
      completionTokens: ids.length,
    }
    if (this.request.constraint !== undefined && finish === 'stop') {
      const json = valueOf(text)
      if (json !== undefined) generated.json = json
    }
    this.ended = { ok: true, generated }
  }
}

/** Nothing of a text that a stop string cut off within its value. */
function valueOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
