/**
 * The demo's page: one file without script or network.
 *
 * @module
 */
import { escape } from '../src/sim/report/chart.ts'
import { plural } from '../src/pages/format.ts'
import type { DemoRecord } from './record.ts'
import { charts, colorOf, SMOOTH_S } from './report_charts.ts'
import { STYLE } from './report_style.ts'
import { nodesTable, percent, summary, variantKeys, variantsTable } from './report_tables.ts'

export function reportPage(record: DemoRecord): string {
  const { pipeline, sloMs, capacity, played, nodes, machine, demand, seed } = record
  const top = Math.max(...demand.rates)
  const tabs = nodes.filter(({ runtime }) => runtime === 'browser').length
  const closed = (played[0]?.events ?? []).map(({ atS, what }) => `${what} at ${atS.toFixed(0)} s`)
  const cards = played.map(({ policy, result }, i) =>
    `<div class="card" style="border-color:${colorOf(i)}"><h2>${escape(policy)}</h2>` +
    `<strong>${percent(1 - result.violationRatio)} on time</strong><p>${result.queries} queries, ` +
    `${
      result.effectiveAccuracy === null
        ? 'none served'
        : `served at accuracy ${percent(result.effectiveAccuracy)}`
    }</p></div>`
  )
  const late = played.map(({ policy, result: { sentLateMs } }) =>
    `${policy} ${sentLateMs?.p50 ?? 0} / ${sentLateMs?.p99 ?? 0} / ${sentLateMs?.max ?? 0} ms`
  )
  const title = `Shoal under load: ${pipeline}`
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escape(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">
<style>${STYLE}</style></head><body><main>
<h1>${escape(title)}</h1>
<p>${plural(tabs, 'browser tab')} and ${
    plural(nodes.length - tabs, 'Deno node')
  } on one machine of ${plural(machine.processors, 'processor')}
(${escape(machine.model)}), every query due in ${sloMs} ms. The most accurate models carry
${capacity.bestPerS.toFixed(1)} queries a second here, at accuracy ${
    percent(capacity.bestAccuracy)
  }; demand rises to ${top.toFixed(1)}, ${(top / capacity.bestPerS).toFixed(1)} times as much.
${closed.length > 0 ? `${escape(closed.join(', '))}, marked by a dashed line.` : ''}
The same queries at the same moments for all rules.</p>
<div class="cards">${cards.join('')}</div>
${summary(record)}
<h2>Over time</h2>
<p class="soft">Means of ${SMOOTH_S} seconds.</p>
${charts(record)}
<h2>Who served what</h2>
${variantKeys(record)}
${played.map((one) => `<h3>${escape(one.policy)}</h3>\n${nodesTable(record, one)}`).join('\n')}
<h2>Which models served</h2>
<p class="soft">Share of each task's items, the most accurate variant first.</p>
${variantsTable(record)}
<h2>How it was measured</h2>
<p>Open loop: queries are sent at random moments (seed ${seed}), whether or not earlier ones are
answered, and their latency counts from the moment that they were due. Sent late, half of them / 99 of
100 / all by at most: ${escape(late.join('; '))}. A violation is a query without a result within
${sloMs} ms. Before the demand the pool was found to carry ${capacity.mostPerS.toFixed(1)} queries a
second at any accuracy. All in all ${record.tookS} s.</p>
</main></body></html>
`
}
