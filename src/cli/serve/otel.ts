/**
 * OpenTelemetry, which Deno has built in and `OTEL_DENO` turns on.
 *
 * @module
 */
import type { OtelApi } from '../../coordinator/observe/otel/api.ts'
import { variable } from '../variable.ts'

/** What a collector is told by; undefined where Deno tells none. */
export async function loadOtel(): Promise<OtelApi | undefined> {
  const isOn = ['true', '1'].includes(variable('OTEL_DENO') ?? '')
  return isOn ? await import('@opentelemetry/api') : undefined
}

/** What to set where Deno passes over what a `traceparent` says. */
export const otelWarning = (): string | undefined =>
  variable('OTEL_TRACES_SAMPLER')?.startsWith('parentbased_')
    ? undefined
    : 'the sampler passes over whether a traceparent is sampled; the usual one traces every query: ' +
      'set OTEL_TRACES_SAMPLER=parentbased_traceidratio and, for one in a hundred, ' +
      'OTEL_TRACES_SAMPLER_ARG=0.01'

/** Longest wait for the last export. */
const LAST_EXPORT_MS = 5000

/**
 * Has the process end, come what may. What is left is exported as it ends, and Deno 2.9 waits for ever
 * where metrics fall due meanwhile, which it cannot look up any more: the thread that would is waiting.
 */
export async function endWithLastExport(): Promise<never> {
  const kill = `setTimeout(() => Deno.kill(${Deno.pid}, 'SIGKILL'), ${LAST_EXPORT_MS})`
  const watchdog = new Worker(
    `data:text/javascript,${encodeURIComponent(`${kill}; postMessage(0)`)}`,
    { type: 'module' },
  )
  await new Promise((armed) => watchdog.onmessage = armed)
  Deno.exit(0)
}
