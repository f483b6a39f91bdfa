/**
 * Demand over time: written on a command line, or read from a file.
 *
 * @module
 */
import type { Trace } from '../../src/sim/scenario_schema.ts'

/** A demand that cannot be read; the message says what was wrong. */
export class DemandError extends Error {
  override name = 'DemandError'
}

const NUMBER = String.raw`\d+(?:\.\d+)?`
const PART = new RegExp(`^(${NUMBER})(?:\\.\\.(${NUMBER}))?x(${NUMBER})$`)
/** Slopes are stairs as narrow as this. */
const BIN_S = 0.5
const MOST_BINS = 100_000

/**
 * `20x10,20..100x30,160x2`: 20 queries a second for 10 s, a slope to 100 within 30 s, a burst of 160
 * for 2 s.
 *
 * @throws DemandError
 */
export function parseDemand(text: string): Trace {
  const rates = text.split(',').flatMap((part) => {
    const [, from, to, seconds] = PART.exec(part.trim()) ?? []
    if (from === undefined) {
      throw new DemandError(
        `Cannot read the demand: want RATExSECONDS or FROM..TOxSECONDS: received ${part}`,
      )
    }
    const bins = Math.max(1, Math.round(Number(seconds) / BIN_S))
    const end = Number(to ?? from)
    return Array.from(
      { length: Math.min(bins, MOST_BINS + 1) },
      (_, i) => Number(from) + (end - Number(from)) * (i + 0.5) / bins,
    )
  })
  return checked({ binSeconds: BIN_S, rates }, text)
}

/**
 * A file with one rate a line (of a second each), or JSON: `{"binSeconds", "rates"}`, or a scenario
 * that holds that as its `trace`.
 *
 * @throws DemandError
 */
export async function readTrace(file: string): Promise<Trace> {
  const text = await Deno.readTextFile(file).catch((error) => {
    throw new DemandError(`Cannot read ${file}: ${error.message}`)
  })
  if (!text.trimStart().startsWith('{')) {
    const lines = text.split('\n').map((line) => line.replace(/#.*/, '').trim())
    return checked({ binSeconds: 1, rates: lines.filter(Boolean).map(Number) }, file)
  }
  let json: { trace?: Trace } & Partial<Trace>
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new DemandError(`Cannot read ${file}: ${(error as Error).message}`)
  }
  const { binSeconds, rates } = json.trace ?? json
  return checked({ binSeconds: binSeconds ?? 1, rates: rates ?? [] }, file)
}

export const scaled = ({ binSeconds, rates }: Trace, times: number): Trace => ({
  binSeconds,
  rates: rates.map((rate) => rate * times),
})

function checked(trace: Trace, from: string): Trace {
  const { binSeconds, rates } = trace
  const wrong = !Array.isArray(rates) || rates.length === 0
    ? 'has no rates'
    : !(binSeconds > 0)
    ? `has bins of ${binSeconds} seconds`
    : rates.length > MOST_BINS
    ? `has more than ${MOST_BINS} bins`
    : rates.find((rate) => !(Number.isFinite(rate) && rate >= 0))
  if (wrong === undefined) return trace
  const what = typeof wrong === 'string' ? wrong : `has ${wrong}, which is no rate from 0`
  throw new DemandError(`Cannot read the demand: ${from} ${what}`)
}
