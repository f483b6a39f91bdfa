/**
 * The auditor of `start`: a process of this machine that judges what nodes from elsewhere say.
 *
 * @module
 */
import type { CoordinatorOptions } from './coordinator.ts'
import { createChildren } from './children.ts'
import { spawnAuditor } from './spawn_node.ts'
import { createOwnToken } from './trust.ts'

export interface Audit {
  /** What the coordinator has to know of it. */
  options: Pick<CoordinatorOptions, 'isAuditor' | 'strangerJoined'>
  /** Ends it and waits until it is gone. */
  stop(): Promise<void>
}

export interface AuditParts {
  /** Where it joins; asked for when it is started. */
  url: () => string
  /** A key for it alone. */
  token: string
  /** Options of its command. */
  args: readonly string[]
  log: (line: string) => void
}

/** It is started once there is somebody to judge: until then it would take memory for nothing. */
export function createAudit({ url, token, args, log }: AuditParts): Audit {
  const children = createChildren(log)
  let isStarted = false
  return {
    options: {
      isAuditor: createOwnToken(token).isOwn,
      strangerJoined() {
        if (isStarted) return
        isStarted = true
        children.keep('the auditor', () => spawnAuditor(url(), args, token), true)
      },
    },
    stop: children.stop,
  }
}

/** What whoever starts without one is told. @param nodes own ones, which judge, too */
export const withoutAuditor = (nodes: number): string =>
  'without an auditor ' + (nodes > 0
    ? 'the local nodes alone judge what others say, between queries'
    : 'nobody here judges what nodes say: three keys or addresses that agree are right, whatever ' +
      'they say, and with fewer no node is ever proven or set aside') +
  '. --audit on mends that'
