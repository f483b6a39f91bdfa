/** Jobs of any make: each is taken or refused as the contract says, and nothing is left of the latter. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { SCHEMAS } from '../../src/coordinator/apis/openapi/components.ts'
import { encode } from '../coordinator/raw_socket.ts'
import { get, pagesOf, startJobs } from '../coordinator/jobs/scene.ts'
import { altered, anyJson, checkAnswer, damaged, HANG_MS, runs } from './fuzz.ts'

const field = (name: string, value: string) =>
  `--xyz\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
const file = (name: string, text: string) =>
  '--xyz\r\ncontent-disposition: form-data; name="files"; ' +
  `filename="${name}"\r\ncontent-type: application/pdf\r\n\r\n${text}\r\n`
const form = encode(
  field('by', '07:00') + field('output', 'text,pdf') + file('a.pdf', pagesOf(['a'])) +
    file('../b', '') + '--xyz--\r\n',
)
const job = {
  inputs: [{ name: 'a', text: 'page a' }, { data: btoa('page b') }, { file: 'file-1' }],
  ...{ pipeline: 'documents', deadlineMs: 1000, output: ['text'] },
}
const json = (value: unknown) => encode(JSON.stringify(value) ?? '')

Deno.test('jobs: any form and any JSON gets an answer of the contract, and leaves no file behind', async () => {
  const dir = await Deno.makeTempDir()
  const coordinator = startJobs({ store: `${dir}/store.sqlite` })
  try {
    const forms = damaged([form]).map((body) => ({
      body,
      type: 'multipart/form-data; boundary=xyz',
    }))
    const inputs = [job, { ...job, inputs: job.inputs.slice(0, 2) }]
    const asJson = fc.oneof(altered(inputs[0]), altered(inputs[1]), anyJson).map((one) => ({
      ...{ body: json(one) as Uint8Array<ArrayBuffer>, type: 'application/json' },
    }))
    const seen = new Set<number>()
    await fc.assert(
      fc.asyncProperty(fc.oneof(forms, asJson), async ({ body, type }) => {
        const response = await fetch(`${coordinator.url}/v1/jobs`, {
          ...{ method: 'POST', body, headers: { 'content-type': type } },
          signal: AbortSignal.timeout(HANG_MS),
        })
        if (response.status !== 202) {
          seen.add(await checkAnswer(response, SCHEMAS.Job))
          return
        }
        seen.add(202)
        const made = SCHEMAS.Job.parse(await response.json())
        const gone = await fetch(`${coordinator.url}/v1/jobs/${made.id}?purge`, {
          method: 'DELETE',
        })
        assert.equal(gone.status, 204)
      }),
      runs(0.05),
    )
    for (const status of [202, 400]) assert.ok(seen.has(status), String(status))
    assert.deepEqual(await get(coordinator, '/v1/jobs'), { jobs: [] })
    const left = [...Deno.readDirSync(`${dir}/store.jobs`)].map(({ name }) => name).sort()
    assert.deepEqual(left, ['files', 'tmp'])
    assert.deepEqual([...Deno.readDirSync(`${dir}/store.jobs/tmp`)], [])
  } finally {
    await coordinator.close(1000)
    await Deno.remove(dir, { recursive: true })
  }
})
