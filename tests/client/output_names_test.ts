/** How files are called that were read of documents. */
import assert from 'node:assert/strict'
import { outputStems } from '../../src/client/output_names.ts'

Deno.test('outputs lose the ending of their document, unless another one differs in nothing else', () => {
  const names: [document: string, stem: string][] = [
    ...[['letter.pdf', 'letter'], ['sub/letter.tif', 'sub/letter']] as [string, string][],
    ...[['b.jpg', 'b.jpg'], ['B.png', 'B.png']] as [string, string][],
    ...[['c.jpg', 'c.jpg'], ['c.png', 'c.png'], ['c.jpg.png', 'c.jpg.png']] as [string, string][],
    ...[['plain', 'plain'], ['.jpg', '.jpg'], ['of 12.5.2024', 'of 12.5.2024']] as [
      string,
      string,
    ][],
  ]
  assert.deepEqual(outputStems(names.map(([name]) => name)), names.map(([, stem]) => stem))
})

Deno.test('no two outputs have one name, whatever their documents are called', () => {
  const parts = ['a', 'A', 'a.jpg', 'a (2)', 'x/a']
  const names = parts.flatMap((a) => ['', '.jpg', '.JPG', '.pdf'].map((b) => a + b))
  const stems = outputStems([...names, ...names])
  const distinct = new Set(stems.map((stem) => stem.toLowerCase()))
  assert.equal(distinct.size, 2 * names.length)
})
