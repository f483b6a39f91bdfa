/** docs/results/api.md is what the coordinator's own description of its calls makes. */
import { equal } from 'node:assert/strict'
import { apiReference, REFERENCE } from '../../src/cli/api_reference.ts'

Deno.test('the API reference tells of the calls as they are; src/cli/api_reference.ts makes it anew', async () => {
  equal(await Deno.readTextFile(REFERENCE), await apiReference())
})
