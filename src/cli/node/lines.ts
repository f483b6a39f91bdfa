/**
 * What a node's terminal shows.
 *
 * @module
 */
import type { NodeEvent } from '../../node/state.ts'

const FAULTY: readonly NodeEvent['type'][] = ['warning', 'load_failed', 'restarted', 'lost']

/** A line for people; nothing for what happens too often to be read. */
export function lineOf(event: NodeEvent): { text: string; faulty: boolean } | undefined {
  const text = textOf(event)
  return text === undefined ? undefined : { text, faulty: FAULTY.includes(event.type) }
}

const kilobytes = (bytes: number) => `${Math.round(bytes / 1024).toLocaleString('en')} kB`

function textOf(event: NodeEvent): string | undefined {
  switch (event.type) {
    case 'connecting':
      return `joining ${event.url}`
    case 'joined':
      return 'joined'
    case 'progress': {
      if (event.elapsedMs < 1000 || event.total === 0) return undefined
      const percent = Math.floor(100 * event.done / event.total)
      return `loading ${event.label}: ${percent} % of ${kilobytes(event.total)}`
    }
    case 'ready':
      return `ready: slot ${event.slot} holds ${event.variant} (${Math.round(event.loadMs)} ms)`
    case 'load_failed':
      return `cannot load ${event.variant}: ${event.message}`
    case 'backend':
      return `running on ${event.reason}`
    case 'remembered':
      return event.used
        ? `uses the profile measured on ${event.measuredAt.slice(0, 10)}: ${event.reason}`
        : `measures anew: ${event.reason}`
    case 'slots':
      return `serving with ${event.slots} slots`
    case 'lost':
      return `link lost (${event.reason})${remedyOf(event.reason)}; next try in ${
        Math.ceil(event.retryMs / 1000)
      } s`
    case 'restarted':
      return `slot ${event.slot} starts again: ${event.message}`
    case 'warning':
      return `warning: ${event.message}`
    case 'paused':
      return event.paused ? `paused: ${event.reason}` : 'taking work again'
    case 'leaving':
      return `leaving (${event.reason})`
    case 'left':
      return 'left'
    default:
      return undefined
  }
}

/** What trying again does not mend: a certificate that this machine does not trust. */
function remedyOf(reason: string): string {
  if (reason.includes('UnknownIssuer')) {
    return ': if the coordinator made its certificate itself, copy its .shoal/tls/self.pem here ' +
      'and start with DENO_CERT=self.pem before the command'
  }
  if (/NotValidForName|not valid for name/.test(reason)) {
    return ': join by an address that the coordinator prints, or start it with --allow-host NAME'
  }
  return ''
}
