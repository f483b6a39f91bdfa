/**
 * What the file says of a task that generates, held against its models before anything is served.
 *
 * @module
 */
import { type DecoderShape, decoderShapeOf, kvBytesOf } from '../../pipeline/decoder_shape.ts'
import { firstFault } from '../../pipeline/error.ts'
import { generateSchema, type GenerateTask } from '../../pipeline/generate.ts'
import { type GraphFacts, textOfTensor } from '../../pipeline/onnx/graph.ts'
import type { CheckContext } from '../types.ts'
import { BYTE_TOKENS, BYTES } from './bytes_tokenizer.ts'
import { checkSchema, SchemaError } from './constraint/constraint.ts'

export function checkGenerate({ task, graphs, fail }: CheckContext): void {
  const parsed = generateSchema.safeParse(task)
  if (!parsed.success) {
    const { path, fault } = firstFault(parsed.error)
    return fail(path, fault)
  }
  checkOptions(parsed.data, fail)
  // Without a given `typical` there is nothing to check.
  if (task['typical'] !== undefined) checkTypical(parsed.data, fail)
  for (const [name, graph] of Object.entries(graphs)) {
    const variant = task.variants[name]!
    const refuse = (fault: string) => fail(`variants.${name}.model`, `${variant.model}: ${fault}`)
    const shape = shapeOf(graph, refuse)
    const fault = faultOfVocabulary(graph, shape, parsed.data)
    if (fault !== undefined) refuse(fault)
    // Nodes reckon with it before they have the model.
    variant['kvBytes'] = kvBytesOf(shape)
  }
}

function checkOptions(options: GenerateTask, fail: CheckContext['fail']): void {
  const { context, maxTokens, schema, tokenizer, end = [] } = options
  if (maxTokens !== undefined && maxTokens >= context) {
    fail('maxTokens', `is ${maxTokens}, and leaves no room for a prompt in a context of ${context}`)
  }
  const size = sizeOf(options)
  const stray = end.findIndex((id) => id >= size)
  if (stray >= 0) {
    const whose = tokenizer === BYTES ? 'bytes' : tokenizer
    fail(`end.${stray}`, `is ${end[stray]}, and ${whose} has ${size} tokens`)
  }
  if (schema === undefined) return
  try {
    checkSchema(schema)
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error
    fail(['schema', error.path].filter(Boolean).join('.'), error.fault)
  }
}

function checkTypical({ context, typical }: GenerateTask, fail: CheckContext['fail']): void {
  const usual = typical.prompt + typical.completion
  if (usual <= context) return
  fail('typical', `is ${usual} tokens of prompt and completion, in a context of ${context}`)
}

function shapeOf(graph: GraphFacts, refuse: (fault: string) => never): DecoderShape {
  try {
    return decoderShapeOf(graph)
  } catch (error) {
    return refuse((error as Error).message)
  }
}

/** Some models tell more tokens than there are, so that their sizes are round. */
function faultOfVocabulary(
  graph: GraphFacts,
  { vocab }: DecoderShape,
  task: GenerateTask,
): string | undefined {
  const size = sizeOf(task)
  if (vocab >= size) return undefined
  const logits = graph.outputs.find(({ name }) => name === 'logits')!
  return `its output logits ${textOfTensor(logits)} is of ${vocab} tokens, and ${task.tokenizer} ` +
    `has ${size}: it is the tokenizer of another model`
}

/** The number of tokens in the task's vocabulary, which the reader of the file filled in. */
function sizeOf({ tokenizer, vocabulary }: GenerateTask): number {
  if (tokenizer === BYTES) return BYTE_TOKENS
  return typeof vocabulary === 'number' ? vocabulary : 0
}
