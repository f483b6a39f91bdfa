/** What the evaluation says in short is what its tables say: those are made anew, and it is not. */
import assert from 'node:assert/strict'
import { ROOT } from '../../src/cli/root.ts'

const escaped = (text: string) => text.replaceAll('.', '\\.')

Deno.test('each figure of the summary stands in the table that its row names', async () => {
  const page = await Deno.readTextFile(`${ROOT}/docs/EVALUATION.md`)
  const summary = page.split('\n## Summary\n')[1]!.split('\n## ')[0]!
  const rows = summary.split('\n').filter((line) => line.startsWith('|')).slice(2)
    .map((line) => line.split('|').slice(2, -1).map((cell) => cell.trim()))
  assert.ok(rows.length >= 8)
  for (const [shoal, loki, bound, link] of rows) {
    const file = /\((results\/\w+\.md)\)/.exec(link!)?.[1]
    assert.ok(file !== undefined, `${link} leads to no table`)
    const table = await Deno.readTextFile(`${ROOT}/docs/${file}`)
    for (const figures of [shoal!, loki!]) {
      const [violations, accuracy] = figures.split(', ').map(escaped)
      // In one cell, or each with its range in one of its own.
      const stands = new RegExp(`\\b${violations}(, | [^|\n]*\\| )${accuracy}\\b`)
      assert.match(table, stands, `${figures} stands nowhere in ${file}`)
    }
    assert.match(
      table,
      new RegExp(`\\| ${escaped(bound!)} +\\|`),
      `${bound} stands nowhere in ${file}`,
    )
  }
})
