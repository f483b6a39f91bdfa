/**
 * Whether each megabyte may cost the volunteer something, as far as a browser tells.
 *
 * @module
 */

/** What is read of `navigator.connection`. */
export interface Connection {
  saveData?: boolean
  type?: string
  effectiveType?: string
}

const SLOW = ['slow-2g', '2g', '3g']

/** Where a browser says nothing the link is taken for one without a limit. */
export function isMetered(connection: Connection | undefined): boolean {
  return connection?.saveData === true || connection?.type === 'cellular' ||
    SLOW.includes(connection?.effectiveType ?? '')
}
