/**
 * Who served what: figures by policy, node and variant.
 *
 * @module
 */
import { escape } from '../src/sim/report/chart.ts'
import type { Played } from './play.ts'
import type { DemoRecord } from './record.ts'
import { colorOf } from './report_charts.ts'
import { DEMAND, VARIANT_COLORS } from './report_style.ts'

export const percent = (share: number, digits = 1) => `${(100 * share).toFixed(digits)} %`

const key = (color: string) => `<span class="key" style="background:${color}"></span>`

/**
 * @param name for who does not see it
 * @param kind `words` where the last column holds words, which may take several lines
 */
export function table(
  name: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  kind = 'figures',
): string {
  const cells = (tag: string, of: readonly string[]) =>
    `<tr>${of.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escape(name)}">` +
    `<table class="${kind}"><thead>${cells('th', head)}</thead><tbody>${
      rows.map((row) => cells('td', row)).join('\n')
    }</tbody></table></div>`
}

const SUMMARY_HEAD = [
  ...['rules', 'queries', 'on time', 'violations', '95 %', 'accuracy'],
  ...['p50', 'p95', 'p99', 'what went wrong'],
]

export function summary({ played }: DemoRecord): string {
  return table(
    'All rules',
    SUMMARY_HEAD,
    played.map(({ policy, result }, i) => {
      const { latencyMs, outcomes } = result
      const wrong = Object.entries(outcomes).filter(([name]) => name !== '200 on_time')
        .map(([name, count]) => `${count} ${name.replace(/^\d+ /, '').replaceAll('_', ' ')}`)
      const ms = (value: number | undefined) =>
        value === undefined ? '-' : `${Math.round(value)} ms`
      return [
        key(colorOf(i)) + escape(policy),
        String(result.queries),
        String(result.onTime),
        percent(result.violationRatio, 2),
        `${percent(result.violationsAtLeast)} to ${percent(result.violationsAtMost)}`,
        result.effectiveAccuracy === null ? '-' : percent(result.effectiveAccuracy),
        ...[ms(latencyMs?.p50), ms(latencyMs?.p95), ms(latencyMs?.p99)],
        escape(wrong.join(', ') || 'nothing'),
      ]
    }),
    'words',
  )
}

/** The colour of a variant: blue for the most accurate of its task, red for the quickest. */
function shade(rank: number, of: number): string {
  const last = VARIANT_COLORS.length - 1
  return VARIANT_COLORS[of < 2 ? 0 : Math.round(rank * last / (of - 1))]!
}

/** A bar of parts; none where there is nothing. */
function bar(parts: readonly { share: number; color: string; title: string }[]): string {
  let x = 0
  const rects = parts.filter(({ share }) => share > 0).map(({ share, color, title }) => {
    const at = (100 * x).toFixed(2)
    x += share
    return `<rect x="${at}" width="${(100 * share).toFixed(2)}" height="10" fill="${color}">` +
      `<title>${escape(title)}</title></rect>`
  })
  return `<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" ` +
    `aria-label="${escape(parts.map(({ title }) => title).join(', '))}">` +
    `<rect width="100" height="10" fill="#8883"/>${rects.join('')}</svg>`
}

export function variantKeys({ tasks }: DemoRecord): string {
  const keys = Object.entries(tasks).map(([task, variants]) =>
    `<li>${escape(task)}: ${
      variants.map((name, i) => key(shade(i, variants.length)) + escape(name)).join(' &nbsp; ')
    }</li>`
  )
  return `<ul class="keys">${keys.join('')}</ul>`
}

/** One row a node: its share of the work, and which variants it did of each task. */
export function nodesTable({ tasks, nodes }: DemoRecord, { policy, result }: Played): string {
  const rows = nodes.map(({ name, runtime }) => {
    const { share = 0, items = 0, did = {}, backends = [] } = result.nodes[name] ?? {}
    return [
      escape(name),
      escape([runtime, ...backends].join(', ')),
      bar([{ share, color: DEMAND, title: percent(share) }]) + percent(share),
      String(items),
      ...Object.entries(tasks).map(([task, variants]) => {
        const mine = did[task] ?? {}
        const all = Object.values(mine).reduce((sum, count) => sum + count, 0)
        const parts = variants.map((variant, i) => ({
          share: (mine[variant] ?? 0) / Math.max(all, 1),
          color: shade(i, variants.length),
          title: `${variant}: ${mine[variant] ?? 0}`,
        }))
        return `${bar(parts)}${all}`
      }),
    ]
  })
  const head = ['node', 'runs on', 'share of the time', 'items', ...Object.keys(tasks)]
  return table(`Nodes under ${policy}`, head, rows)
}

/** One row a variant: the share of its task's items under each policy. */
export function variantsTable({ tasks, played }: DemoRecord): string {
  const rows = Object.entries(tasks).flatMap(([task, variants]) =>
    variants.map((variant, i) => [
      `${key(shade(i, variants.length))}${escape(task)} ${escape(variant)}`,
      ...played.map(({ result }) => {
        const all = Object.values(result.nodes)
        const count = (of: string[]) =>
          all.reduce(
            (sum, { did }) => sum + of.reduce((most, name) => most + (did[task]?.[name] ?? 0), 0),
            0,
          )
        return percent(count([variant]) / Math.max(1, count(variants)))
      }),
    ])
  )
  return table('Variants', ['variant', ...played.map(({ policy }) => escape(policy))], rows)
}
