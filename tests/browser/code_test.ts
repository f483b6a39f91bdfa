/** A tab runs programs that a pipeline brings where its volunteer ticked the box, and else none. */
import { deepEqual, equal } from 'node:assert/strict'
import { files, lettersRequest } from '../cli/code_scene.ts'
import { inFolder } from '../cli/own_scene.ts'
import { joinAs, launch, openPage, skippedWithout, startPool, wantChromium } from './fixture.ts'

const executable = await wantChromium()

Deno.test({
  name: `a tab runs a pipeline's programs only if its volunteer ticks the box${
    skippedWithout(executable)
  }`,
  ignore: executable === undefined,
  // The browser's driver keeps timers and pipes of its own.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: () =>
    inFolder(files, async (dir) => {
      const [browser, pool] = await Promise.all([launch(executable!), startPool({ dirs: [dir] })])
      try {
        const ask = () =>
          fetch(`${pool.localUrl}/v1/pipelines/letters/infer`, {
            method: 'POST',
            headers: { 'content-type': 'application/json', 'x-request-timeout-ms': '60000' },
            body: lettersRequest('banana'),
          })
        const nodeOf = (name: string) => pool.pool.nodes().find((node) => node.name === name)
        const plain = await openPage(browser, pool.url)
        await joinAs(plain.page, 'plain')
        while ((nodeOf('plain')?.instances ?? 0) < 1) {
          await new Promise((done) => setTimeout(done, 20))
        }
        const none = await ask()
        equal(none.status, 503)
        equal((await none.json()).reason, 'no_capable_node')

        const willing = await openPage(browser, pool.url)
        await willing.page.getByLabel('Run programs that a pipeline brings').check()
        await joinAs(willing.page, 'willing')
        await pool.full('willing')
        const answer = await ask()
        equal(answer.status, 200)
        deepEqual((await answer.json()).outputs, { said: [{ text: '24 12' }] })
        equal(nodeOf('plain')!.instances, 1)
        deepEqual([...plain.complaints, ...willing.complaints], [])
      } finally {
        await browser.close()
        await pool.end()
      }
    }),
})
