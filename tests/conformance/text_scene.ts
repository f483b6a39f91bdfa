/**
 * A coordinator whose pipelines take and say texts. A test writes what is said, and when; what would
 * come of nodes comes of that.
 */
import type { Answered, QueryRequest } from '../../src/coordinator/queries/queries.ts'
import type { Coordinator } from '../../src/cli/serve/coordinator.ts'
import { type Generated, generatingTask } from '../../src/pipeline/generate.ts'
import { checkPipeline } from '../../src/pipeline/parse.ts'
import type { Answer } from '../../src/policy/core/types.ts'
import { withCoordinator } from '../coordinator/fixture.ts'

const variants = { small: { accuracy: 0.7 }, large: { accuracy: 0.9 } }
const task = { kind: 'generate', context: 64, maxTokens: 32, variants }
const textPipeline = (name: string, more: object = {}) =>
  checkPipeline({
    ...{ schema: 'shoal-pipeline/1', name, sloMs: 5000, root: 'tell' },
    tasks: { tell: { ...task, ...more } },
    output: { said: { each: 'tell', with: ['text'] } },
  }, name)

export const PIPELINES = [
  textPipeline('scribe'),
  textPipeline('talker', { template: 'tokenizer_config.json' }),
  checkPipeline({
    ...{ schema: 'shoal-pipeline/1', name: 'slip', sloMs: 5000, root: 'look' },
    tasks: {
      look: { next: ['tell'], variants: { only: { accuracy: 0.9 } } },
      tell: { ...task, schema: { type: 'object' }, variants: { only: { accuracy: 0.9 } } },
    },
    output: { slip: { each: 'tell', with: ['json'], only: true } },
  }, 'slip'),
  checkPipeline({
    ...{ schema: 'shoal-pipeline/1', name: 'plain', sloMs: 5000, root: 'look' },
    tasks: { look: { variants: { only: { accuracy: 0.9 } } } },
    output: { seen: { each: 'look', with: ['text'] } },
  }, 'plain'),
]

export interface Heard extends QueryRequest {
  /** The text of the query, or of its conversation. */
  text: string
}

/** @returns what the task made of it, or why there is none */
export type Script = (
  request: Heard,
  say: (text: string) => void,
) => Promise<Partial<Generated> | Extract<Answer, { ok: false }>>

/** Says it word by word. */
export const saying =
  (text: string, finish: Generated['finish'] = 'stop'): Script => async (_, say) => {
    for (const word of text.match(/\S+\s*/g) ?? []) {
      say(word)
      await Promise.resolve()
    }
    return { text, finish }
  }

export interface Scene {
  coordinator: Coordinator
  url: string
  asked: Heard[]
  /** What comes of the queries from now on. */
  script(script: Script): void
}

export function withTexts(
  test: (scene: Scene) => Promise<void>,
  options: Parameters<typeof withCoordinator>[2] = {},
): Promise<void> {
  return withCoordinator(
    async (coordinator) => {
      const asked: Heard[] = []
      let script = saying('one two three')
      const submit = async (request: QueryRequest): Promise<Answered> => {
        const heard = { ...request, text: new TextDecoder().decode(request.payload.bytes) }
        asked.push(heard)
        const left = Promise.withResolvers<never>()
        left.promise.catch(() => {})
        const unwatch = request.gone(left.reject)
        const late = setTimeout(
          () => left.resolve(LATE as never),
          request.deadlineMs - request.arrivedMs,
        )
        try {
          const said = await Promise.race([
            script(heard, (text) => request.onText?.({ text, ids: [] })),
            left.promise,
          ])
          const answer = 'ok' in said ? said : answerOf(request, said)
          return { answer, answeredMs: performance.now(), modelledJ: 1 }
        } finally {
          clearTimeout(late)
          unwatch()
        }
      }
      Object.assign(coordinator.pool, { submit })
      await test({
        ...{ coordinator, url: coordinator.url, asked },
        script: (next) => script = next,
      })
    },
    undefined,
    { pipelines: PIPELINES.map((pipeline) => ({ dir: '', pipeline, models: {} })), ...options },
  )
}

const LATE: Answer = { ok: false, reason: 'deadline_exceeded', message: 'Cannot answer in time' }

function answerOf({ pipeline: name, payload }: QueryRequest, said: Partial<Generated>): Answer {
  const pipeline = PIPELINES.find((one) => one.name === name)!
  const task = generatingTask(pipeline)!
  const { text = '' } = said
  const result = { text, ids: [], finish: 'stop', promptTokens: 7, completionTokens: 3, ...said }
  return {
    ok: true,
    items: [{ task, parent: -1, payload, result }],
    accuracy: 0.9,
    path: { [task]: { large: 1 } },
    stages: [],
  } as Answer
}
