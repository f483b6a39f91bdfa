/**
 * The interface of OpenTelemetry, which the runtime stands behind where `OTEL_DENO` is set. It is handed
 * in: where it is not, nothing of this folder runs.
 *
 * @module
 */
import type * as Api from '@opentelemetry/api'

export type OtelApi = typeof Api

/** Names the tracer and the meter. */
export const SCOPE = 'shoal'
