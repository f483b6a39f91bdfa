/** Jobs by the Python client, with the system's Python. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { ROOT } from '../../../src/cli/root.ts'
import { pagesOf, withJobs } from './scene.ts'

const FOLDER = join(ROOT, 'src', 'client', 'python')
const python = await new Deno.Command('python3', {
  args: ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))'],
  stderr: 'null',
}).output().then(({ success }) => success, () => false)
const skipped = python ? '' : ' (skipped: no Python 3.9 or later)'

Deno.test({
  name: `the Python client hands in documents, waits, and has what came of them${skipped}`,
  ignore: !python,
  fn: () =>
    withJobs(async ({ url }) => {
      const dir = await Deno.makeTempDir()
      try {
        const path = join(dir, 'ä.pdf')
        await Deno.writeTextFile(path, pagesOf(['a', 'b']))
        const program = `import json, time
from shoal import *
pool = Shoal(${JSON.stringify(url)})
job = pool.create_job([${JSON.stringify(path)}], output=["text"])
id = job["id"]
while pool.job(id)["endedAt"] is None:
  time.sleep(0.05)
ended = pool.cancel_job(id)
found = json.loads(pool.job_result(id, 0, "text"))
listed = [one["id"] == id for one in pool.jobs()]
pool.remove_job(id)
try:
  pool.job_result(id, 0, "text")
except ShoalError as error:
  reason = error.reason
print(json.dumps([ended["state"], ended["documents"][0]["name"], len(found["pages"]), listed, reason]))`
        const { success, stdout, stderr } = await new Deno.Command('python3', {
          args: ['-B', '-c', program],
          env: { PYTHONPATH: FOLDER },
        }).output()
        assert.ok(success, new TextDecoder().decode(stderr))
        assert.deepEqual(JSON.parse(new TextDecoder().decode(stdout)), [
          ...['done', 'ä.pdf', 2, [true], 'not_found'],
        ])
      } finally {
        await Deno.remove(dir, { recursive: true })
      }
    }),
})
