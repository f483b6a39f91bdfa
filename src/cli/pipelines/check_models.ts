/**
 * What a pipeline file says, held against its models before anything is served: each kind of task
 * knows what it needs.
 *
 * @module
 */
import { PipelineError } from '../../pipeline/error.ts'
import { type GraphFacts, readGraph } from '../../pipeline/onnx/graph.ts'
import type { Pipeline } from '../../pipeline/schema.ts'
import { tasksInOrder } from '../../pipeline/tree.ts'
import type { Stage } from '../../stages/types.ts'
import { checkNext } from './check_next.ts'
import { checkOutput } from './check_output.ts'
import type { PreparedModel } from './content_store.ts'
import { defaultOutput } from './default_output.ts'

/**
 * @returns the pipeline with what its models tell filled in
 * @throws PipelineError naming file, model, tensor, what was expected and what found
 */
export async function checkModels(
  given: Pipeline,
  models: { readonly [name: string]: PreparedModel },
  stages: { readonly [kind: string]: Stage },
  file: string,
): Promise<Pipeline> {
  const pipeline = structuredClone(given)
  const refuse = (path: string, fault: string): never => {
    throw new PipelineError(file, path, fault)
  }
  checkNext(pipeline, stages, refuse)
  const known = new Map<string, GraphFacts>()
  // Children first: a parent is held against what they take.
  for (const name of tasksInOrder(pipeline).reverse()) {
    const task = pipeline.tasks[name]!
    const stage = stages[task.kind ?? '']
    if (stage?.check === undefined) continue
    const graphs: { [variant: string]: GraphFacts } = {}
    for (const [variant, { model }] of Object.entries(task.variants)) {
      if (model === undefined) continue
      const path = `tasks.${name}.variants.${variant}.model`
      graphs[variant] = known.get(model) ?? await readFacts(models[model], model, file, path)
      known.set(model, graphs[variant])
    }
    stage.check({
      pipeline,
      name,
      task,
      graphs,
      kindOf: (other) => pipeline.tasks[other]?.kind,
      fail: (path, fault) => refuse(['tasks', name, path].filter(Boolean).join('.'), fault),
    })
  }
  checkOutput(pipeline, stages, refuse)
  return defaultOutput(pipeline, stages, (fault) => refuse('output', fault))
}

async function readFacts(
  model: PreparedModel | undefined,
  name: string,
  file: string,
  path: string,
): Promise<GraphFacts> {
  try {
    return readGraph(await Deno.readFile(model?.file ?? ''))
  } catch (error) {
    throw new PipelineError(file, path, `${name} cannot be read: ${(error as Error).message}`)
  }
}
