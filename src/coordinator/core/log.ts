/**
 * The coordinator's log: lines for people, or one JSON object a line for machines.
 *
 * @module
 */

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = typeof LOG_LEVELS[number]

export const LOG_FORMATS = ['text', 'json'] as const
export type LogFormat = typeof LOG_FORMATS[number]

export type LogFields = Readonly<Record<string, unknown>>

/** Takes lines; level and fields are optional. */
export interface Log {
  /** @param level `info` where absent */
  (line: string, level?: LogLevel, fields?: LogFields): void
  /** Takes a line for each query and plan; absent at other levels, so that it costs nothing. */
  debug?: (line: string, fields?: LogFields) => void
}

/**
 * @param write gets whole lines without their end
 * @param now the time of day, milliseconds since the epoch
 */
export function createLog(
  level: LogLevel,
  format: LogFormat,
  write: (line: string) => void,
  now: () => number = Date.now,
): Log {
  const least = LOG_LEVELS.indexOf(level)
  const log: Log = (line, at = 'info', fields = {}) => {
    if (LOG_LEVELS.indexOf(at) < least) return
    if (format === 'text') return write(plain(line))
    const time = new Date(now()).toISOString()
    write(JSON.stringify({ time, level: at, message: line, ...fields }))
  }
  if (level === 'debug') log.debug = (line, fields) => log(line, 'debug', fields)
  return log
}

/**
 * A line without control characters, and with its further lines indented: names and messages come
 * from nodes.
 */
const plain = (line: string): string =>
  // deno-lint-ignore no-control-regex
  line.replaceAll(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g, ' ')
    .replaceAll('\n', '\n  ')
