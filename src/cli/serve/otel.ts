/**
 * OpenTelemetry, which Deno has built in and `OTEL_DENO` turns on.
 *
 * @module
 */
import type { OtelApi } from '../../coordinator/otel/api.ts'
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
