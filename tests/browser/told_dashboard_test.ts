/** The dashboard told what a test says: lines that stay, a stream that falls silent, a new pipeline. */
import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { nodeOf, pipelineOf, planOf, type Teller, testTold } from './told.ts'

function testDashboard(name: string, fn: (page: Page, teller: Teller) => Promise<void>): void {
  testTold(name, async (page, teller) => {
    await page.setViewportSize({ width: 1280, height: 1400 })
    await fn(page, teller)
  })
}

const names = (page: Page) => page.locator('#node-rows th').allTextContents()

/** Resolves once the table has been drawn with these shares. */
async function share(page: Page, teller: Teller, percents: Record<string, number>) {
  const items = Object.fromEntries(
    Object.entries(percents).map(([name, percent]) => [`id-${name}`, percent]),
  )
  teller.tell({ work: { passedMs: 5000, items } })
  for (const [name, percent] of Object.entries(percents)) {
    await page.locator('#node-rows tr', { hasText: name }).getByText(
      new RegExp(`^${percent}(\\.0)? %`),
    )
      .waitFor()
  }
}

testDashboard(
  'a button in focus or under the pointer stays the button of its node',
  async (page, teller) => {
    const button = (name: string) => page.getByRole('button', { name, exact: true })
    const next = async (act: () => Promise<unknown>) => {
      teller.acts.length = 0
      const answered = page.waitForResponse((response) => response.request().method() === 'POST')
      await act()
      await answered
      return teller.acts
    }
    teller.standing.push({ node: { nodes: [nodeOf('alice'), nodeOf('bob'), nodeOf('carol')] } })
    await page.goto(teller.url)
    await button('Manage').click()
    await page.locator('#node-rows tr').nth(2).waitFor()
    await share(page, teller, { alice: 60, bob: 30, carol: 10 })

    await button('Drain alice').focus()
    await share(page, teller, { alice: 20, bob: 70, carol: 10 })
    assert.deepEqual(await next(() => page.keyboard.press('Enter')), [
      'POST /v1/nodes/id-alice/drain',
    ])

    await button('Pause bob').hover()
    await share(page, teller, { alice: 5, bob: 15, carol: 80 })
    const press = async () => {
      await page.mouse.down()
      await page.mouse.up()
    }
    assert.deepEqual(await next(press), ['POST /v1/nodes/id-bob/pause'])

    // A node that leaves draws nothing up under the pointer.
    teller.tell({ node: { nodes: [nodeOf('alice', 'left')] } })
    await page.locator('#node-rows tr.left', { hasText: 'alice' }).waitFor()
    assert.deepEqual(await next(press), ['POST /v1/nodes/id-bob/pause'])
  },
)

testDashboard(
  'lines are sorted by their shares again when nobody works with them',
  async (page, teller) => {
    teller.standing.push({ node: { nodes: [nodeOf('alice'), nodeOf('bob')] } })
    await page.goto(teller.url)
    await page.locator('#node-rows tr').nth(1).waitFor()
    await share(page, teller, { alice: 60, bob: 40 })
    await page.locator('#node-rows tr').first().hover()
    await share(page, teller, { alice: 30, bob: 70 })
    teller.tell({ node: { nodes: [nodeOf('alice', 'left'), nodeOf('carol')] } })
    await page.locator('#node-rows tr.left').waitFor()
    assert.deepEqual(await names(page), ['alice', 'bob', 'carol'])
    await page.mouse.move(0, 0)
    await share(page, teller, { bob: 20, carol: 80 })
    assert.deepEqual(await names(page), ['carol', 'bob'])
  },
)

testDashboard(
  'a stream that falls silent is told, given up and opened again',
  async (page, teller) => {
    teller.standing.push({ node: { nodes: [nodeOf('alice'), nodeOf('bob')] } })
    await page.clock.install()
    await page.goto(teller.url)
    await page.getByRole('heading', { name: '2 nodes' }).waitFor()
    const news = page.getByText('The coordinator does not answer. Trying again.')
    // A node leaves while nothing comes through.
    teller.standing[1] = { node: { nodes: [nodeOf('bob')] } }
    await page.clock.fastForward(20_000)
    assert.ok(await news.isHidden(), 'silent for no longer than it may be')
    await page.clock.fastForward(16_000)
    await news.waitFor()
    while (teller.closed === 0) await new Promise((done) => setTimeout(done, 20))
    await page.clock.fastForward(4000)
    await page.getByRole('heading', { name: '1 node', exact: true }).waitFor()
    await news.waitFor({ state: 'hidden' })
    assert.equal(teller.opened, 2)
  },
)

testDashboard(
  'a pool without nodes says how to join, and shows none of before',
  async (page, teller) => {
    const hint = page.getByText('Nobody is here. ')
    const standing = { metrics: { modelledW: 0, pipelines: {} } }
    teller.standing.push(standing)
    await page.clock.install()
    await page.goto(teller.url)
    await hint.waitFor()

    teller.tell({ node: { nodes: [nodeOf('alice')] } })
    await page.getByRole('heading', { name: '1 node', exact: true }).waitFor()
    await hint.waitFor({ state: 'hidden' })
    // The coordinator is started anew, and nobody has come back yet.
    await page.clock.fastForward(36_000)
    while (teller.closed === 0) await new Promise((done) => setTimeout(done, 20))
    await page.clock.fastForward(4000)
    await hint.waitFor()
    assert.equal(await page.locator('#node-rows tr, #classes .class').count(), 0)
  },
)

testDashboard(
  'a pipeline that is reloaded is drawn as it is now, without opening the page anew',
  async (page, teller) => {
    const variant = (name: string) => page.locator('#picture text', { hasText: name }).waitFor()
    await page.clock.install()
    await page.goto(teller.url)
    await variant('only')

    // The first time it cannot be read.
    teller.pipelines = undefined
    const refused = page.waitForResponse((response) => response.url().endsWith('/v1/pipelines'))
    teller.tell({ plan: planOf('own', 'better') })
    assert.equal((await refused).status(), 503)
    teller.pipelines = [pipelineOf('own', { only: 0.9, better: 0.95 })]
    await page.clock.fastForward(4000)
    await variant('better')

    teller.tell({ plan: planOf('second', 'other') })
    teller.pipelines.push(pipelineOf('second', { other: 0.8 }))
    await page.getByLabel('Pipeline').selectOption('second')
    await variant('other')
  },
)

testDashboard(
  'a stream that is refused is told with the reason, and asked for again',
  async (page, teller) => {
    const json = { error: 'Cannot take a listener: there are 64 already', reason: 'rate_limited' }
    await page.route('**/v1/events', (route) => route.fulfill({ status: 429, json }))
    await page.goto(teller.url)
    const news = page.getByText('there are 64 already. Trying again.')
    await news.waitFor()
    await page.unroute('**/v1/events')
    await news.waitFor({ state: 'hidden' })
  },
)

testDashboard('what a plan counts is told in the words of its nodes', async (page, teller) => {
  const plan = { ...planOf('own', 'only'), awake: 4, standby: 3, resting: 2 }
  teller.standing = [{ plan }]
  const none = { stepMs: 1000, pipelines: {} }
  const json = { seconds: none, minutes: none, plans: [{ ...plan, agoMs: 600_000 }] }
  await page.route('**/v1/history', (route) => route.fulfill({ json }))
  await page.goto(teller.url)
  await page.getByText('10 min ago').waitFor()
  await page.locator('#standby', { hasText: '3' }).waitFor()
  const counts = await page.locator('#plan .counts > div').allInnerTexts()
  assert.deepEqual(counts.slice(0, 3).map((text) => text.split(/\s*\n\s*/)), [
    ['awake', '4'],
    ['at rest', '3'],
    ['paused', '2'],
  ])
  await page.getByText('4 awake, 3 at rest, 2 paused').waitFor()
  teller.tell({ plan: { ...plan, reason: 'then', standby: 2, resting: 3 } })
  await page.getByText('2 to 3 paused').waitFor()
})

testDashboard('what no plan names is read anew by and by', async (page, teller) => {
  await page.clock.install()
  await page.goto(teller.url)
  await page.getByRole('button', { name: 'Manage' }).click()
  await page.locator('#variant-rows').getByText('90.0 %').waitFor()
  teller.pipelines = [pipelineOf('own', { only: 0.97 })]
  teller.tell({ node: { nodes: [nodeOf('alice')] } })
  await page.clock.fastForward(25_000)
  await share(page, teller, { alice: 100 })
  await page.clock.fastForward(25_000)
  teller.tell({ node: { nodes: [nodeOf('bob')] } })
  await page.getByRole('heading', { name: '2 nodes' }).waitFor()
  await page.clock.fastForward(11_000)
  await page.locator('#variant-rows').getByText('97.0 %').waitFor()
})

testDashboard('on a phone nothing moves when the button to manage comes', async (page, teller) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  await page.route(/\/v1\/admin$/, (route) => promise.then(() => route.continue()))
  await page.setViewportSize({ width: 390, height: 844 })
  teller.standing.push({ node: { nodes: [nodeOf('alice')] } })
  await page.goto(teller.url)
  await page.getByRole('heading', { name: 'Idle' }).waitFor()
  await page.locator('#tiles svg').first().waitFor()
  await page.locator('#picture text').first().waitFor()
  const places = () =>
    page.locator('h1, nav a, main section').evaluateAll((all) =>
      all.map((one) => one.getBoundingClientRect().toJSON())
    )
  const before = await places()
  resolve()
  await page.getByRole('button', { name: 'Manage' }).waitFor()
  assert.deepEqual(await places(), before)
})

testDashboard('long names stay in their places', async (page, teller) => {
  const long = (name: string) => `${name}-${'somebody-named-it-at-length-'.repeat(4)}`
  const own = pipelineOf(long('own'), { [long('large')]: 0.9, [long('small')]: 0.8 })
  const leaf = { next: [], variants: { [long('leaf')]: { accuracy: 0.9 } } }
  own.root = long('read')
  own.tasks = { [own.root]: { next: [long('tell')], variants: own.tasks['read']!.variants } }
  own.tasks[long('tell')] = leaf
  teller.pipelines = [own, pipelineOf('second', { only: 0.9 })]
  const plan = planOf(own.name, long('large'))
  plan.mix[0]!.path.push(long('leaf'))
  teller.standing = [{ plan }]
  await page.goto(teller.url)
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: 844 })
    await page.locator('#picture .box').first().waitFor()
    await page.waitForFunction(() => {
      const holder = document.querySelector('#picture')!
      return holder.querySelector('svg')!.getBoundingClientRect().width === holder.clientWidth
    })
    const beyond = await page.locator('#picture g').evaluateAll((all) =>
      all.flatMap((group) => {
        const box = group.querySelector('.box')?.getBoundingClientRect()
        const most = box?.right ??
          (group as SVGGElement).ownerSVGElement!.getBoundingClientRect().right
        return [...group.querySelectorAll('text')]
          .filter((text) => text.getBoundingClientRect().right > most + 1)
          .map((text) => text.textContent)
      })
    )
    assert.deepEqual(beyond, [], `${width} px`)
    const { height } = (await page.getByText('Last hour').boundingBox())!
    assert.ok(height < 60, `${width} px: the switch stands on one line: ${height}`)
  }
  assert.equal(await page.locator('#picture title').first().textContent(), own.root)
})

testDashboard(
  'on a phone a variant is named whole, and right above what to do with it',
  async (page, teller) => {
    await page.setViewportSize({ width: 390, height: 844 })
    const name = 'detector-of-the-second-generation-1024x1024-int8-quantized'
    teller.pipelines = [pipelineOf('own', { only: 0.8, [name]: 0.9 })]
    await page.goto(teller.url)
    await page.getByRole('button', { name: 'Manage' }).click()
    const row = page.locator('#variant-rows tr', { hasText: name })
    const [named, acts] = await Promise.all([
      row.locator('th').boundingBox(),
      row.locator('.acts').boundingBox(),
    ])
    const text = await row.locator('th').evaluate((th) => {
      const range = document.createRange()
      range.selectNodeContents(th)
      return range.getBoundingClientRect().right
    })
    assert.ok(text <= 390, `text ends at ${text}`)
    assert.ok(acts!.y - (named!.y + named!.height) < 20, 'what to do follows the name')
  },
)

testDashboard(
  'colours that tell something stay where a system has its own',
  async (page, teller) => {
    teller.standing.push({ node: { nodes: [nodeOf('alice')] } })
    await page.emulateMedia({ forcedColors: 'active' })
    await page.goto(teller.url)
    await page.locator('#node-table .active .state').waitFor()
    await page.locator('#tiles .key').first().waitFor()
    const unseen = await page.evaluate(() => {
      const ground = getComputedStyle(document.body).backgroundColor
      const told = ['h1::before', '#tiles .key', '.active .state', '.switch :checked + span']
      return told.filter((one) => {
        const [selector = '', pseudo] = one.split('::')
        const { backgroundColor } = getComputedStyle(document.querySelector(selector)!, pseudo)
        return [ground, 'rgba(0, 0, 0, 0)'].includes(backgroundColor)
      })
    })
    assert.deepEqual(unseen, [])
  },
)
