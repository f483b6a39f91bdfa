/** How the demo's page looks, in light and dark, on a phone and on a desk. @module */
import { PICTURES_STYLE } from '../src/sim/report/chart.ts'

/** Told apart also by those who see colours differently (after Okabe and Ito). */
export const COLORS = ['#2b8cc4', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9']
export const DEMAND = '#8a8a8a'

/** From the most accurate variant of a task to the quickest. */
export const VARIANT_COLORS = ['#08519c', '#4292c6', '#7fcdbb', '#fed976', '#fd8d3c', '#d7301f']

export const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif;
  --back: #fff; --ink: #1b1f24; --soft: #5b6570; --line: #d9dee4; --card: #f5f7f9 }
@media (prefers-color-scheme: dark) {
  :root { --back: #14181d; --ink: #e6eaee; --soft: #9aa5b1; --line: #313a44; --card: #1c2229 }
}
body { max-width: 980px; margin: 0 auto; padding: 1.5rem 1rem 3rem; background: var(--back);
  color: var(--ink) }
h1 { font-size: 1.5rem; margin: 0 0 .3rem } h2 { font-size: 1.1rem; margin: 2rem 0 .6rem }
p { margin: .4rem 0 } .soft { color: var(--soft) }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: .8rem;
  margin: 1.2rem 0 }
.card { background: var(--card); border-top: 4px solid; border-radius: 6px; padding: .8rem 1rem }
.card h2 { margin: 0; font-size: 1rem; color: var(--ink) }
.card strong { display: block; font-size: 1.7rem; line-height: 1.3; color: var(--ink) }
.card p { color: var(--soft); margin: 0 }
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { padding: .3rem .6rem; text-align: right; border-bottom: 1px solid var(--line);
  white-space: nowrap }
th { font-weight: 600; color: var(--soft) }
th:first-child, td:first-child { text-align: left; padding-left: 0 }
figure { margin: 1.2rem 0 } figcaption { font-weight: 600 }
figure svg { display: block; width: 100%; height: auto } svg text { font-size: 11px; fill: currentColor }
svg .grid { stroke: #8884 } svg path { fill: none; stroke-width: 1.8; stroke-linejoin: round }
svg .mark { stroke: currentColor; stroke-dasharray: 3 3; opacity: .7 }
${PICTURES_STYLE}
.key { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin-right: .35em }
.keys { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; color: var(--soft); font-size: .9rem;
  margin: .3rem 0; padding: 0; list-style: none }
.bar { width: 7rem; height: 12px; border-radius: 2px; margin-right: .5rem; vertical-align: -1px }
@media (max-width: 600px) { .bar { width: 5rem } }
.words td:last-child { white-space: normal; min-width: 11rem }
code { background: var(--card); padding: .1em .3em; border-radius: 3px }`
