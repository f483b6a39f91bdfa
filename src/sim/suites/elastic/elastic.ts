/** Cores for instances that are there, or more instances: Themis and what it is compared with. @module */
import type { ThemisData } from '../../elastic/themis_scenes.ts'
import type { EvalData } from '../../eval_data.ts'
import type { Suite } from '../suite.ts'
import { accuracyTable } from './accuracy.ts'
import { introTable } from './intro.ts'
import { coldSweep, surgeSweep } from './sweeps.ts'
import {
  paperTable,
  placesOf,
  quietFindings,
  quietTable,
  windowFindings,
  windowTable,
} from './windows.ts'

const NOTES =
  'A pipeline is a row of stages with one queue each, first come, first served. An instance has cores ' +
  'of its own, which change at once. A new one serves after its cold start, 5 s unless a table says ' +
  'otherwise, and its cores count from the beginning of that. Profiles, SLOs and rules are those of ' +
  'the public artifact of Themis (`mehransi/Themis` at `8b3bfdd`; `themis-paper`: `b01017f`, three ' +
  'days after the paper). Arrivals are seconds of Twitter of August 2021, divided as the artifact ' +
  'does, at random moments within each second. A batch takes what the profile says, with a ' +
  'coefficient of variation of 0.08.\n\n' +
  '`vertical` has the instances that the busiest second needs with four cores each, which it knows ' +
  'beforehand, as in the artifact. `vertical-early` has those that the first seconds need; in the ' +
  'introduction that is one. `inferline` plans once and then sets the number of instances by the ' +
  'busiest of 30 s. `fixed` has instances of one core for the busiest second all the time. The ' +
  'headers in `src/peers/themis` have the rules.\n\n' +
  'A violation is a query that is late or dropped. In tables of windows each cell has violations in ' +
  '%, violations as the paper counts them (mean over seconds of what was late or dropped in it over ' +
  'what came in it, 1 at most), and core-seconds. Of their own rules of dropping `themis-paper` has ' +
  'one, the SLO after arrival; the others drop nothing.\n\n' +
  "`shoal` is this project's scheduler, which prefers the least cost (`frugal`), in the simulator of " +
  'pools with the same arrivals, latencies, noise and cold starts. What differs: each of its nodes ' +
  'holds all stages once it was recruited, has up to as many threads as instances have cores, and ' +
  'there are half as many more nodes as the busiest second needs of one thread; at first those are ' +
  'warm that `horizontal` begins with. A hop takes 1 ms. It knows the deadline of each query, and refuses those that ' +
  'it cannot keep, which are violations. A core counts for each thread of a slot in use, and one for ' +
  'a node that is warm and rests, which is let go of after 10 s (`use.releaseMs`). A query that is lost counts in the second that it came in.\n\n' +
  "The artifact's tables of results are not public, so its headline and the shape of its figures are " +
  'all there is to compare with.\n\n' +
  'Where rules leave something open policies have the stronger reading: no stage loses instances ' +
  'while another needs more (but in `themis-paper`), and `horizontal` and `inferline` have fewer ' +
  'only after the wait of `themis`. Its forecast learns during the run, where the artifact trains a network beforehand.'

const ACCURACY =
  "Accuracy as a third lever: `shoal`, traffic analysis (SLO 250 ms), Themis's window"
const NO_LOKI = 'Not run: there are no profiles of the Loki artifact.'

/** @returns all tables, each with its heading, and at last what they come to */
function tables(data: ThemisData, seeds: number, loki?: EvalData): string {
  const intro = introTable(data)
  const own = placesOf(data, 'own', seeds)
  const alike = placesOf(data, 'hopeless', seeds, own)
  const cold = coldSweep(data, seeds)
  const surge = surgeSweep(data, seeds)
  const sections: [title: string, lines: string[]][] = [
    ['The figure in the introduction of the paper', intro.lines],
    ['Twitter, each policy with its own rule of dropping', windowTable(own)],
    ['Twitter, all drop what cannot be in time any more', windowTable(alike)],
    ["Cores in seconds 10 to 50 of Themis's window", quietTable(own)],
    ["Cold start, video, Themis's window: violations %, core-seconds", cold.lines],
    ['A surge of 40 s from 33/s, video: violations %, core-seconds', surge.lines],
    ["Profiles, SLOs and rules of the paper's time, Themis's window", paperTable(data, seeds)],
    [ACCURACY, loki === undefined ? [NO_LOKI] : accuracyTable(data, loki, seeds)],
  ]
  const findings = [
    ...intro.findings,
    ...windowFindings(own, 'own rules of dropping'),
    ...windowFindings(alike, 'the same rule for all'),
    ...quietFindings(own),
    ...cold.findings,
    ...surge.findings,
  ]
  return [
    ...sections.map(([title, lines]) => [`### ${title}`, '', ...lines, ''].join('\n')),
    ...['### What agrees with the paper', '', ...findings.map((line) => `- ${line}`)],
  ].join('\n')
}

export const elastic: Suite = {
  ...{ name: 'elastic', about: 'cores or instances: Themis and its baselines', notes: NOTES },
  ...{ seeds: 3, alone: true },
  cases: () => [],
  tables,
}
