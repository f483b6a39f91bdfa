/** A collector for tests: what is exported to it as OTLP in JSON, as it comes. */

type Value = {
  stringValue?: string
  intValue?: string | number
  doubleValue?: number
  boolValue?: boolean
  arrayValue?: { values: Value[] }
}
type Attribute = { key: string; value: Value }

export interface Span {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  startMs: number
  endMs: number
  attributes: Record<string, unknown>
  status: { code?: number; message?: string }
}

export interface Point {
  metric: string
  attributes: Record<string, unknown>
  /** Of a histogram, how many values. */
  value: number
}

const plain = (value: Value): unknown =>
  value.arrayValue === undefined
    ? value.stringValue ?? value.doubleValue ?? value.boolValue ?? Number(value.intValue)
    : value.arrayValue.values.map(plain)

const attributesOf = (list: Attribute[] = []) =>
  Object.fromEntries(list.map(({ key, value }) => [key, plain(value)]))

// deno-lint-ignore no-explicit-any
type Json = any

const spansOf = ({ resourceSpans }: Json): Span[] =>
  resourceSpans.flatMap(({ scopeSpans }: Json) =>
    scopeSpans.flatMap(({ spans }: Json) =>
      spans.map((span: Json) => ({
        ...span,
        startMs: Number(span.startTimeUnixNano) / 1e6,
        endMs: Number(span.endTimeUnixNano) / 1e6,
        attributes: attributesOf(span.attributes),
        status: span.status ?? {},
      }))
    )
  )

const pointsOf = ({ resourceMetrics }: Json): Point[] =>
  resourceMetrics.flatMap(({ scopeMetrics }: Json) =>
    scopeMetrics.flatMap(({ metrics }: Json) =>
      metrics.flatMap(({ name, sum, gauge, histogram }: Json) =>
        ((sum ?? gauge ?? histogram)?.dataPoints ?? []).map((point: Json) => ({
          metric: name,
          attributes: attributesOf(point.attributes),
          value: Number(point.asDouble ?? point.asInt ?? point.count),
        }))
      )
    )
  )

/** What is not there by then never comes. */
const PATIENCE_MS = 60_000

export function startCollector() {
  const spans: Span[] = []
  /** Those told last. */
  let points: Point[] = []
  let looks: (() => void)[] = []
  const server = Deno.serve(
    { hostname: '127.0.0.1', port: 0, onListen: () => {} },
    async (request) => {
      const { pathname } = new URL(request.url)
      const told = await request.json()
      if (pathname === '/v1/traces') spans.push(...spansOf(told))
      if (pathname === '/v1/metrics') points = pointsOf(told)
      for (const look of looks) look()
      return Response.json({})
    },
  )

  /** Resolves with what is there, now or once more has come; rejects where it does not come at all. */
  function until<T>(find: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = find()
        if (found === undefined) return
        resolve(found)
        end()
      }
      const timer = setTimeout(() => {
        const names = spans.map(({ traceId, name }) => `${traceId} ${name}`).join(', ')
        reject(new Error(`Cannot find it among ${names} and ${points.length} points: ${find}`))
        end()
      }, PATIENCE_MS)
      const end = () => {
        clearTimeout(timer)
        looks = looks.filter((one) => one !== look)
      }
      looks = [...looks, look]
      look()
    })
  }

  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    spans: spans as readonly Span[],
    until,
    /** All spans of a trace, once it has at least so many of each name. */
    trace: (traceId: string, counts: Record<string, number>) =>
      until(() => {
        const own = spans.filter((span) => span.traceId === traceId)
        const hasAll = Object.entries(counts).every(([wanted, count]) =>
          own.filter(({ name }) => name === wanted).length >= count
        )
        return hasAll ? own : undefined
      }),
    /** The value of a metric with these attributes, once it is at least so much. */
    metric: (metric: string, attributes: Record<string, unknown>, least = 0) =>
      until(() =>
        points.find((point) =>
          point.metric === metric && point.value >= least &&
          Object.entries(attributes).every(([key, value]) => point.attributes[key] === value)
        )?.value
      ),
    stop: () => server.shutdown(),
  }
}
