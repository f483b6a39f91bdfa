/**
 * The coordinator with a pipeline of one task that does nothing.
 *
 * @module
 */
import { type CoordinatorOptions, startCoordinator } from '../../cli/serve/coordinator.ts'
import { checkPipeline } from '../../pipeline/parse.ts'

/** Returns where it serves. */
export function startPass(options: Omit<CoordinatorOptions, 'pipelines' | 'port'> = {}): string {
  const pipeline = checkPipeline({
    ...{ schema: 'shoal-pipeline/1', name: 'pass', sloMs: 5000, root: 'pass' },
    tasks: { pass: { variants: { only: { accuracy: 1, referenceMs: 0.1 } } } },
    output: { passed: { each: 'pass', with: ['text'] } },
  }, 'bench')
  return startCoordinator({ ...options, port: 0, pipelines: [{ dir: '', pipeline, models: {} }] })
    .url
}
