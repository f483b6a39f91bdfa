/**
 * The link that a browser joins by, as a QR code: a phone takes it off the terminal.
 *
 * @module
 */
import { renderUnicodeCompact } from 'uqr'

/** Blocks are white, on black: readers want the code dark on light, whatever the terminal's colours are. */
const INK = '\x1b[97;40m'
const RESET = '\x1b[0m'

/** Lines for a terminal, two rows of the code to a line. */
export const qrLines = (link: string): string[] =>
  renderUnicodeCompact(link, { border: 3 }).split('\n').map((line) => `${INK}${line}${RESET}`)
