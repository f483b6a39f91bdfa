/**
 * What a suite of evaluation runs is: cases, each run with some policies and as many seeds as asked.
 *
 * @module
 */
import type { Prefer } from '../../policy/core/elastic.ts'
import type { ParamValues } from '../../policy/params.ts'
import type { ThemisData } from '../elastic/themis_scenes.ts'
import type { EvalData } from '../eval_data.ts'
import type { Row } from './rows.ts'

/** A policy as it is run: its name, and options of those that have some. */
export interface Contender {
  policy: string
  /** Of `next`: other numbers than its own, and what they are for. */
  set?: ParamValues
  label?: string
  drop?: string
  cap?: number
  /** In place of what the scenario prefers. */
  prefer?: Prefer
}

export interface Case {
  /** Heading of the table that it belongs to. */
  table: string
  /** What is particular to it there. */
  row: string
  /** JSON of `shoal-scenario/1`; its seed is replaced. */
  scenario: { seed: number; [field: string]: unknown }
  contenders: Contender[]
  /** Keeps the course over time, for a chart. */
  curve?: boolean
  /** Runs once however many seeds are asked for: what it measures is the machine. */
  once?: boolean
  /** Calls of `handle` are timed. */
  timed?: boolean
  /** Queries count that come after so many seconds. */
  fromS?: number
  /** Runs with so many times the seeds that are asked for. */
  seedTimes?: number
  /** The whole-node bound, too. */
  wholeNodes?: boolean
  /** For pools and demands beyond what `simulate` usually allows. */
  limits?: { maxQueries: number; maxItemsPerTask: number }
}

export interface Suite {
  name: string
  about: string
  /** What a reader of its tables has to know besides, in Markdown. */
  notes?: string
  /** Seeds where none are asked for; 5 where absent. */
  seeds?: number
  /** Runs without the published data, too. */
  alone?: boolean
  /** So many cases that their tables say less than the findings: those alone are written. */
  brief?: boolean
  /** What it comes to takes more of each row than a page shows: part of it is no page's. */
  whole?: boolean
  /** Runs only where it is named. */
  apart?: boolean
  /** @throws RangeError where the data that it needs is not there */
  cases(data: EvalData): Case[]
  /** In place of cases and findings: all of its tables, in Markdown, of the data of Themis, and others'. */
  tables?(data: ThemisData, seeds: number, loki?: EvalData): string
  /** What the tables come to, in lines of Markdown. */
  findings?(rows: readonly Row[]): string[]
  /** Whether they are as they have to be; else the command ends with 1. */
  holds?(rows: readonly Row[]): boolean
}

/** As tables and progress name it: `loki`, `loki drop none cap 0.75`. */
export const nameOf = ({ policy, drop, cap, set, label }: Contender): string =>
  label ??
    [
      policy,
      ...Object.entries(set ?? {}).map(([name, value]) => `${name}=${value}`),
      ...drop === undefined ? [] : [drop],
      ...cap === undefined ? [] : [`cap ${cap}`],
    ]
      .join(' ')

export const contenders = (...policies: string[]): Contender[] =>
  policies.map((policy) => ({ policy }))

export const INSTANCES = ['all', 1] as const

/** As rows name it. */
export const held = (instancesPerNode: number | 'all'): string =>
  instancesPerNode === 'all' ? '"all"' : String(instancesPerNode)
