/**
 * What a volunteer and an asker do, in browsers other than Chromium: Firefox, and WebKit as the engine
 * of Safari. The pages' finer points are tested in Chromium.
 */
import assert from 'node:assert/strict'
import { testOfAll } from '../exhaustive.ts'
import { USUAL } from '../../src/cli/serve/serving.ts'
import { type Pool, startPool } from '../browser/fixture.ts'
import { type Driver, type Launcher, textOf, until } from './driver.ts'
import { firefox } from './firefox.ts'
import { webkit } from './webkit.ts'

const isTitled = (text: string) =>
  `document.querySelector('#live-title').textContent === ${JSON.stringify(text)}`

async function gone(pool: Pool, name: string): Promise<void> {
  while (pool.pool.nodes().some((node) => node.name === name)) {
    await new Promise((done) => setTimeout(done, 20))
  }
}

async function walk(t: Deno.TestContext, driver: Driver, pool: Pool): Promise<void> {
  const openNode = async () => {
    await driver.goto(`${pool.url}/node`)
    await until(driver, `document.querySelector('#join')?.disabled === false`)
  }
  const joinAs = async (name: string) => {
    await openNode()
    await driver.evaluate(`document.querySelector('#name').value = ${JSON.stringify(name)}`)
    // The machine of a test is busy.
    await driver.evaluate(`document.querySelector('#pressure').checked = false`)
    await driver.click('#join')
    await until(driver, isTitled('Serving'))
    return await pool.full(name)
  }

  await t.step('nothing runs before the click', async () => {
    await openNode()
    assert.equal(pool.pool.nodes().length, 0)
    assert.ok(!pool.lines.some((line) => line.includes('joined')))
  })

  await t.step('a click joins, and the tab serves', async () => {
    const node = await joinAs('tab')
    assert.equal(node.runtime, 'browser')
    const { status, answer } = await pool.read()
    assert.equal(status, 200)
    assert.equal(answer.outputs.lines[0]?.text, 'The Harbour Office')
    assert.equal(answer.outputs.lines.length, 11)
    assert.ok(answer.stages.every(({ node }) => node === 'tab'))
    await until(driver, `Number(document.querySelector('#items').textContent) >= 12`)
  })

  await t.step('what it runs on is said as it is', async () => {
    const reason = pool.pool.nodes()[0]!.backendReason!
    const offers = await driver.evaluate<{ gpu: boolean; memory: boolean; cores: number }>(
      `({ gpu: 'gpu' in navigator, cores: navigator.hardwareConcurrency,
        memory: crossOriginIsolated && typeof SharedArrayBuffer === 'function' })`,
    )
    if (!offers.gpu) assert.match(reason, /^wasm: no WebGPU is offered here/)
    if (!offers.memory) assert.match(reason, /the page has no memory that threads could share/)
    else if (offers.cores <= 2) assert.match(reason, /one processor may be busy/)
  })

  await t.step('pause takes no new work, and stop leaves', async () => {
    await driver.click('#pause')
    await until(driver, isTitled('Paused'))
    await driver.click('#pause')
    await until(driver, isTitled('Serving'))
    await driver.click('#stop')
    await until(driver, `!document.querySelector('#setup').hidden`)
    await gone(pool, 'tab')
    assert.ok(pool.lines.includes('node tab left: stopped by the volunteer'))
  })

  await t.step(
    'who comes back is known, starts by a click alone, and is missed when it goes',
    async () => {
      await openNode()
      assert.equal(await driver.evaluate(`document.querySelector('#name').value`), 'tab')
      assert.equal(pool.pool.nodes().length, 0)
      await joinAs('tab again')
      await driver.goto(`${pool.url}/try`)
      await gone(pool, 'tab again')
    },
  )

  await t.step('the try-it page asks, and shows the answer on the picture', async () => {
    await pool.addNode('near')
    await pool.full('near')
    await until(driver, `document.querySelector('#samples button') !== null`)
    await driver.click('#samples button')
    await until(driver, `!document.querySelector('#go').disabled`)
    // On a machine that is busy quicker ways are taken, which find fewer lines.
    await driver.evaluate(`['accuracy', 'deadline'].forEach((id) => {
      const field = document.querySelector('#' + id)
      field.value = field.max
      field.dispatchEvent(new Event('input', { bubbles: true }))
    })`)
    await driver.click('#go')
    await until(
      driver,
      `!document.querySelector('#answer').hidden &&
      document.querySelectorAll('#lines li').length === 11`,
    )
    assert.match(await textOf(driver, '#lines li'), /The Harbour Office/)
  })

  await t.step('the pool shows who serves, and what was asked', async () => {
    await driver.goto(`${pool.url}/`)
    await until(driver, `document.querySelector('#node-rows tr')?.textContent.includes('near')`)
    assert.equal((await pool.read()).status, 200)
    await until(driver, `Number(document.querySelector('[data-figure=served]')?.textContent) > 0`)
    assert.ok(
      await driver.evaluate<boolean>(
        `document.documentElement.scrollWidth <= document.documentElement.clientWidth`,
      ),
    )
  })

  assert.deepEqual(driver.complaints, [])
}

for (const { browser, missing, launch } of [firefox, webkit] satisfies Launcher[]) {
  testOfAll(
    `a tab of ${browser} joins, serves and leaves, and the other pages work` +
      (missing === undefined ? '' : ` (skipped: ${missing})`),
    async (t) => {
      const pool = await startPool({ variants: USUAL })
      try {
        const driver = await launch()
        try {
          await walk(t, driver, pool)
        } finally {
          await driver.end()
        }
      } finally {
        await pool.end()
      }
    },
    // The browser's driver keeps timers and pipes of its own.
    { ignore: missing !== undefined, sanitizeOps: false, sanitizeResources: false },
  )
}
