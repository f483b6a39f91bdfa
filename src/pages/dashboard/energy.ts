/**
 * What the pool takes, as the coordinator models it.
 *
 * @module
 */
import type { MetricsEvent } from '../../client/types.ts'
import { amount } from '../format.ts'
import { element, setText } from '../node/dom.ts'

export function createEnergyFigure() {
  /** Of each pipeline, in the last second in which queries were answered. */
  const joules = new Map<string, number>()
  return {
    show({ modelledW, pipelines }: MetricsEvent, chosen: string | undefined): void {
      for (const [name, { modelledJPerQuery }] of Object.entries(pipelines)) {
        if (modelledJPerQuery !== null) joules.set(name, modelledJPerQuery)
      }
      const each = joules.get(chosen ?? '')
      const query = each === undefined ? '' : `, ${amount(each)} J a query`
      setText(element('energy'), `${amount(modelledW)} W${query}`)
    },
  }
}
