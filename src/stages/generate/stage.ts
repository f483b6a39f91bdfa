/**
 * Tasks that generate, as far as the list of stages has to know them: their description is checked
 * here; a separate loop serves them.
 *
 * @module
 */
import type { Stage } from '../types.ts'
import { checkGenerate } from './check.ts'

/**
 * Stage `generate`. Items: a text, messages as JSON, or what was gathered of the task before; fields:
 * `{text, ids, finish, promptTokens, completionTokens}`, and `json` where a schema is kept to.
 */
export const generate: Stage = {
  run: () => Promise.reject(new TypeError('Cannot run a task of kind generate as a batch')),
  warmUp: () => [],
  check: checkGenerate,
  fields: ({ schema }) => [
    'text',
    ...schema === undefined ? [] : ['json'],
    ...['finish', 'promptTokens', 'completionTokens'],
  ],
  takes: 'text',
  handsOn: 'nothing',
}
