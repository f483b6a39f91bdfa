/** What the evaluation says in short is what its tables say: those are made anew, and it is not. */
import assert from 'node:assert/strict'
import { ROOT } from '../../src/cli/root.ts'

const escaped = (text: string) => text.replaceAll('.', '\\.')

Deno.test('each figure of the summary stands in a table of the evaluation', async () => {
  const page = await Deno.readTextFile(`${ROOT}/docs/EVALUATION.md`)
  const [summary, tables] = page.slice(page.indexOf('## In short')).split('\n## Method\n')
  const rows = summary!.split('\n').filter((line) => line.startsWith('|')).slice(2)
    .map((line) => line.split('|').slice(2, -1).map((cell) => cell.trim()))
  assert.ok(rows.length >= 8)
  for (const [shoal, loki, bound] of rows) {
    for (const figures of [shoal!, loki!]) {
      const [violations, accuracy] = figures.split(', ').map(escaped)
      // In one cell, or each with its range in one of its own.
      const stands = new RegExp(`\\b${violations}(, | [^|\n]*\\| )${accuracy}\\b`)
      assert.match(tables!, stands, `${figures} stands nowhere below`)
    }
    assert.match(
      tables!,
      new RegExp(`\\| ${escaped(bound!)} +\\|`),
      `${bound} stands nowhere below`,
    )
  }
})
