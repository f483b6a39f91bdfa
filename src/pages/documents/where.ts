/**
 * One line: where pages are read, and who could see them.
 *
 * @module
 */
import type { Client } from '../../client/mod.ts'
import type { NodeInfo } from '../../client/types.ts'
import { plural } from '../format.ts'
import { element, setText } from '../node/dom.ts'

const EVERY_MS = 30_000
const MOST_NAMES = 3
const HERE = /^(localhost|127\.|\[?::1\]?$)/

export async function tellWhere(client: Client): Promise<void> {
  for (;;) {
    // Who may hand in documents need not be told which devices there are.
    const nodes = await client.getNodes(AbortSignal.timeout(EVERY_MS)).catch(() => undefined)
    setText(element('where'), whereText(nodes, location.hostname))
    await new Promise((done) => setTimeout(done, EVERY_MS))
  }
}

function whereText(nodes: readonly NodeInfo[] | undefined, host: string): string {
  const stay = `The files stay on ${HERE.test(host) ? 'the machine of this coordinator' : host}.`
  if (nodes === undefined) {
    return `Pages are read by the devices of this pool; whoever owns one could see the pages that it reads. ${stay}`
  }
  if (nodes.length === 0) {
    return `No device is in this pool now: pages are read when one joins, and its owner could see those that it reads. ${stay}`
  }
  const names = nodes.slice(0, MOST_NAMES).map(({ name }) => name)
  const more = nodes.length - names.length
  const listed = [...names, ...more > 0 ? [`${more} more`] : []]
  const last = listed.pop()!
  const all = listed.length === 0 ? last : `${listed.join(', ')} and ${last}`
  return `Pages are read by ${plural(nodes.length, 'device')} of this pool (${all}); ` +
    `whoever owns one could see the pages that it reads. ${stay}`
}
