/**
 * Runs a Jinja template within bounds: its author is not trusted, and a run cannot be interrupted.
 *
 * Jinja itself has no bounds. Here each step of a template is counted, together with the size of
 * what it makes, and `range` makes no long lists: a template ends, within a bounded amount of
 * memory.
 *
 * @module
 */

/** Steps allowed, with more for each input letter; this many output letters count as one step. */
const MOST_STEPS = 200_000
const STEPS_A_LETTER = 4
const LETTERS = 64
/** Limit of the output and of each intermediate text: a multiple of the input's size, and some. */
const TIMES = 8
const LEAST_SIZE = 64 * 1024
const MOST_RANGE = 10_000
/** Lists in lists. */
const MOST_DEPTH = 100

/** Parts of a template, one in the other. */
const MOST_NESTED = 400

/** A value of Jinja's. */
interface Made {
  type?: string
  value?: unknown
}

export class TemplateError extends Error {
  override name = 'TemplateError'
  constructor(fault: string) {
    super(`Cannot use the chat template: ${fault}`)
  }
}

export type Rendering = (given: { [name: string]: unknown }, size: number) => string

/** @throws TemplateError where it cannot be read */
export async function createRendering(source: string): Promise<Rendering> {
  // Whoever has no such model has no need of it.
  const { Environment, Interpreter, parse, tokenize } = await import('@huggingface/jinja')
  const program = told(() => parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true })))

  class Bounded extends Interpreter {
    #left: number
    /** What loops go through, each round of which is a step. */
    readonly #lists = new WeakSet<object>()
    #depth = 0
    readonly #sizes = new WeakMap<object, number>()

    constructor(env: InstanceType<typeof Environment>, private readonly given: number) {
      super(env)
      this.#left = MOST_STEPS + STEPS_A_LETTER * given
    }

    override evaluate(...given: Parameters<InstanceType<typeof Interpreter>['evaluate']>) {
      this.#spend(1)
      const [part] = given
      if (part?.type === 'For') {
        const { iterable } = part as unknown as { iterable: object & { lhs?: object } }
        this.#lists.add(iterable.lhs ?? iterable)
      }
      // Jinja takes a full stack for a name that it does not know.
      if (++this.#depth > MOST_NESTED) throw new TemplateError('it calls itself too deep')
      const made = this.#within(() => super.evaluate(...given))
      const size = this.#sizeOf(made, 0)
      const most = LEAST_SIZE + TIMES * this.given
      if (size > most) throw new TemplateError(`it makes more than ${most} letters`)
      const isList = part !== undefined && this.#lists.has(part)
      this.#spend(isList ? lengthOf(made.value) : size / LETTERS)
      return made
    }

    /** A loop is left as by an error. */
    #within<T>(work: () => T): T {
      try {
        return work()
      } finally {
        this.#depth--
      }
    }

    #spend(steps: number): void {
      this.#left -= steps
      if (this.#left < 0) throw new TemplateError('it takes too many steps')
    }

    /** Letters, with those of all that is in it: one thing may be in it many times. */
    #sizeOf(made: Made | undefined, depth: number): number {
      const { type, value } = made ?? {}
      if (typeof value === 'string') return value.length
      if (typeof value !== 'object' || value === null) return 1
      if (depth > MOST_DEPTH) throw new TemplateError('it puts lists into lists without an end')
      const known = this.#sizes.get(value)
      if (known !== undefined) return known
      const parts: Made[] = Array.isArray(value)
        ? value
        : value instanceof Map
        ? [...value.values()]
        : []
      this.#spend(1 + parts.length / LETTERS)
      const size = parts.reduce((sum, part) => sum + this.#sizeOf(part, depth + 1), 1)
      // What stands in a namespace changes.
      if (type !== 'NamespaceValue') this.#sizes.set(value, size)
      return size
    }
  }

  return (given, size) =>
    told(() => {
      const env = new Environment()
      for (const [name, value] of Object.entries({ ...GLOBALS, ...given })) env.set(name, value)
      const made = new Bounded(env, size).run(program)
      return String(made.value)
    })
}

const lengthOf = (value: unknown): number =>
  Array.isArray(value) ? value.length : value instanceof Map ? value.size : 1

/** No clock: all nodes are to make the same of a query. */
const GLOBALS = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  raise_exception(message: unknown) {
    throw new TemplateError(`it says ${String(message).slice(0, 300)}`)
  },
  range(first: number, second?: number, step = 1) {
    const [from, to] = second === undefined ? [0, first] : [first, second]
    const count = Math.max(0, Math.ceil((to - from) / step))
    if (!(count <= MOST_RANGE)) throw new TemplateError(`it counts to more than ${MOST_RANGE}`)
    return Array.from({ length: count }, (_, i) => from + i * step)
  },
}

function told<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof TemplateError) throw error
    const { message } = error as Error
    throw new TemplateError(
      error instanceof RangeError ? `it goes too deep (${message})` : message.slice(0, 300),
    )
  }
}
