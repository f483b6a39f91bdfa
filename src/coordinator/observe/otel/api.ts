/**
 * The interface of OpenTelemetry, which the runtime implements where `OTEL_DENO` is set. It is
 * passed in; without it nothing of this folder runs.
 *
 * @module
 */
import type * as Api from '@opentelemetry/api'

export type OtelApi = typeof Api

/** The name of the tracer and of the meter. */
export const SCOPE = 'shoal'
