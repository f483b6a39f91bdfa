import { equal, ok } from 'node:assert/strict'
import { asVersion } from '../../../src/pipeline/version.ts'
import { shapesOf } from '../../../src/policy/core/graph.ts'
import { ocr, refsOf, street } from '../fixtures.ts'

Deno.test('a version reuses the indices of an earlier one of the same structure', () => {
  const shapes = shapesOf([ocr])
  for (let version = 2; version <= 50; version++) {
    shapes.add(asVersion(ocr, version))
    shapes.remove(asVersion(ocr, version - 1).name)
  }
  equal(shapes.variants.length, 2 * refsOf(ocr).length)
  const shape = shapes.pipelines.get('ocr~50')!
  for (const { variants } of shape.tasks) {
    for (const variant of variants) equal(shapes.variants[variant.index], variant)
  }
  // A pipeline of another structure gets indices of its own.
  const [first] = shapes.add(street).tasks
  ok(first!.variants.every(({ index }) => index >= 2 * refsOf(ocr).length))
})
