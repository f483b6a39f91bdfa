/**
 * The dashboard: the pool at a glance, as it changes.
 *
 * @module
 */
import { createClient } from '../../client/client.ts'
import type { MetricsSeries, PlanInfo } from '../../client/types.ts'
import { key } from '../key.ts'
import { element, scriptRuns, setText } from '../node/dom.ts'
import { createClassView } from './class_view.ts'
import { createEnergyFigure } from './energy.ts'
import { listen } from './feed.ts'
import { createInvitation } from './invite.ts'
import { createManage } from './manage.ts'
import { createNodeTable } from './node_table.ts'
import { createNodes } from './nodes.ts'
import { createPipelines } from './pipelines.ts'
import { createPlanPicture } from './plan_picture.ts'
import { createPlanLog, showCounts, showStanding } from './plan_view.ts'
import { append, emptySeries, summarise, type Summary } from './series.ts'
import { showTable } from './table.ts'
import { createTiles, type Span } from './tiles.ts'

const HOUR_AGAIN_MS = 60_000
/** Details of a node are about 700 bytes: a pool of a thousand is asked for less often. */
const DETAILS_LEAST_MS = 5000
const DETAILS_MS_PER_NODE = 60
const NODES_EVERY_MS = 500
/** A call that takes longer went over a link that is gone. */
const ANSWER_MS = 10_000

const client = createClient(location.origin, { key })
const now = () => performance.now()
const inTime = () => AbortSignal.timeout(ANSWER_MS)
const nodes = createNodes()
const tiles = createTiles()
const picture = createPlanPicture()
const log = createPlanLog(now)
const energy = createEnergyFigure()
const classes = createClassView(nodes.rows)
const manage = createManage(client)
createInvitation()
const table = createNodeTable(nodes.rows, manage)
const live = new Map<string, MetricsSeries>()
let hour: Record<string, MetricsSeries> = {}
let plan: PlanInfo | undefined
let span: Span = 'live'
let connected = false
/** Whether the stream has told no metrics yet. */
let first = true
let lately: Summary | undefined

const pipelines = createPipelines({
  client,
  inTime,
  connected: () => connected,
  changed() {
    drawFigures()
    drawPlan()
  },
})

/** Draws at most once a frame, and not at all while nobody looks. */
function drawer(draw: () => void): () => void {
  let asked = false
  return () => {
    if (asked) return
    asked = true
    requestAnimationFrame(() => {
      asked = false
      draw()
    })
  }
}

const drawFigures = drawer(() => {
  const one = pipelines.chosen
  if (one === undefined) return
  const series = (span === 'live' ? live.get(one.name) : hour[one.name]) ?? emptySeries()
  tiles.show(series, span, one.bestAccuracy, one.sloMs)
  lately = summarise(live.get(one.name) ?? emptySeries(), 10)
  showTable(series, span, Date.now())
  drawStanding()
})

const drawStanding = drawer(() =>
  showStanding({
    connected,
    plan,
    now: lately,
    nodes: nodes.rows.size,
    bestAccuracy: pipelines.chosen?.bestAccuracy ?? 0,
  })
)

const drawPlan = drawer(() => {
  const one = pipelines.chosen
  if (one === undefined || plan === undefined) return
  picture.show(one, plan)
  manage.show(one, plan)
  showCounts(plan)
  drawStanding()
})

const drawNodes = (() => {
  const draw = drawer(() => {
    classes.show()
    table.show()
    drawStanding()
  })
  let waiting = false
  let again = false
  return function ask() {
    again = waiting
    if (waiting) return
    waiting = true
    draw()
    setTimeout(() => {
      waiting = false
      if (again) ask()
    }, NODES_EVERY_MS)
  }
})()

async function loadHistory(): Promise<void> {
  const { seconds, minutes, plans } = await client.getHistory(inTime())
  hour = minutes.pipelines
  for (const [name, series] of Object.entries(seconds.pipelines)) live.set(name, series)
  log.fill(plans)
  drawFigures()
}

let detailsAtMs = 0
async function loadDetails(): Promise<void> {
  const dueMs = detailsAtMs + Math.max(DETAILS_LEAST_MS, DETAILS_MS_PER_NODE * nodes.rows.size)
  if (document.hidden || nodes.rows.size === 0) return
  if (now() < dueMs && !(nodes.wantsDetails() && now() > detailsAtMs + (dueMs - detailsAtMs) / 4)) {
    return
  }
  detailsAtMs = now()
  nodes.details(await client.getNodes(inTime()))
  drawNodes()
}

function say(text: string): void {
  element('news').hidden = text === ''
  setText(element('news'), text)
}

/** The coordinator may be away: the stream says so, and asks again. */
const quietly = (work: Promise<void>) => void work.catch(() => {})

async function opened(): Promise<void> {
  nodes.clear()
  connected = first = true
  say('')
  quietly(manage.ask())
  await pipelines.load()
  await loadHistory()
}

listen(client, {
  opened: () => quietly(opened()),
  closed(why = 'The coordinator does not answer') {
    connected = false
    say(`${why}. Trying again.`)
    drawStanding()
  },
  keyAsked: () => say(''),
  plan(data) {
    plan = data
    pipelines.learn(data)
    log.note(data)
    drawPlan()
  },
  node(data) {
    nodes.change(data)
    quietly(loadDetails())
    drawNodes()
  },
  metrics(event) {
    energy.show(event, pipelines.chosen?.name)
    // The first of a stream has nothing before it to tell a rate by. All nodes are told before it:
    // where there are none nothing else would have them drawn.
    if (first) {
      first = false
      return drawNodes()
    }
    for (const [name, metrics] of Object.entries(event.pipelines)) {
      const series = live.get(name) ?? emptySeries()
      live.set(name, series)
      append(series, metrics)
    }
    drawFigures()
    quietly(loadDetails())
  },
  work(data) {
    nodes.work(data)
    drawNodes()
  },
})

for (const radio of document.querySelectorAll<HTMLInputElement>('input[name=span]')) {
  radio.addEventListener('change', () => {
    span = radio.value === 'hour' ? 'hour' : 'live'
    drawFigures()
    if (span === 'hour') quietly(loadHistory())
  })
  if (radio.checked) span = radio.value === 'hour' ? 'hour' : 'live'
}
element('series').addEventListener('toggle', drawFigures)
scriptRuns()
setInterval(() => log.show(), 10_000)
setInterval(() => {
  if (!connected || document.hidden) return
  quietly(loadHistory())
  quietly(pipelines.load())
}, HOUR_AGAIN_MS)
