/**
 * A variant that generates: its loop, between items and results.
 *
 * @module
 */
import { type DecoderShape, decoderShapeOf } from '../../../pipeline/decoder_shape.ts'
import { generateTaskOf } from '../../../pipeline/generate.ts'
import { readGraph } from '../../../pipeline/onnx/graph.ts'
import type { ItemResult, JsonObject } from '../../../stages/types.ts'
import { EngineError } from '../answer.ts'
import type { CreateGenerator } from './generator.ts'
import { createLoop } from './loop.ts'
import type { Ended } from './sequence.ts'
import { wordsOf } from './words.ts'

/** Shapes of models are kept by hash: a session that is there already comes without its file. */
export function createGenerators(nowMs: () => number = () => performance.now()): CreateGenerator {
  const shapes = new Map<string, DecoderShape>()

  function shapeOf(hash: string, bytes: Uint8Array | undefined): DecoderShape {
    let shape = shapes.get(hash)
    if (shape === undefined) {
      if (bytes === undefined) throw new EngineError('load_failed', 'The model is not here')
      shapes.set(hash, shape = decoderShapeOf(readGraph(bytes)))
    }
    return shape
  }

  return async ({ spec, model, bytes, compiles }) => {
    const shape = shapeOf(spec.hash, bytes)
    const task = generateTaskOf(spec.task)
    const words = await wordsOf(task, spec.texts ?? {})
    const { tokenizer } = words
    // What is said is gathered for a whole batch, by whom it is told to.
    const loop = createLoop({
      model,
      shape,
      task,
      tokenizer,
      nowMs,
      fillsUp: compiles,
      tellMs: 0,
    })
    let gone: Error | undefined

    function resultOf(ended: Ended): ItemResult {
      if (ended.ok) return { ok: true, fields: { ...ended.generated } as JsonObject, children: {} }
      if (gone !== undefined) throw gone
      const { reason, message } = ended
      return { ok: false, reason: reason === 'left' ? 'expired' : reason, message }
    }

    return {
      add(item, { expiresMs, hear }) {
        if (gone !== undefined) throw gone
        const { done, leave } = loop.add({ ...words.read(item), item: 0, expiresMs }, hear)
        return { done: done.then(resultOf), leave }
      },
      measure: loop.measure,
      warm: loop.warm,
      end(error) {
        gone = error
        loop.close()
      },
    }
  }
}
