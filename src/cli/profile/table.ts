/**
 * A profile as text for a terminal.
 *
 * @module
 */
import type { Profile, Way } from './types.ts'
import { worthTaking } from './ways.ts'

export function tableOf(profile: Profile): string {
  const set = Object.entries(profile.set).map(([key, value]) => `${key} ${value}`).join(', ')
  const variants = profile.variants.map((v) => [
    v.task,
    v.variant,
    ratio(v.accuracy),
    v.recall === undefined ? '' : ratio(v.recall),
    Object.values(v.fanOut).map((n) => n.toFixed(2)).join(' '),
    ...v.batches.map((b) => `${b.minMs.toFixed(1)} / ${b.medianMs.toFixed(1)}`),
    v.rows.toFixed(2),
    v.otherMs.toFixed(1),
  ])
  const batches = profile.variants[0]?.batches.map((b) => `ms batch ${b.batch}`) ?? []
  const paths = profile.paths.map((p) => [
    p.path.join(' > '),
    ratio(p.accuracy),
    p.unscored ? '' : ratio(p.exact),
    p.ms.toFixed(1),
  ])
  return [
    `${profile.pipeline}: ${set}`,
    '',
    align([
      ['task', 'variant', 'accuracy', 'recall', 'fan-out', ...batches, 'rows', 'other ms'],
      ...variants,
    ]),
    '',
    'times are minimum / median of a batch of rows; rows of an item; other ms is outside the model',
    ...othersOf(profile),
    '',
    align([['path', 'accuracy', 'exact', 'ms a query'], ...paths]),
    ...profile.paths.some((p) => p.unscored)
      ? ['', 'accuracies without a share of exact answers are those of the file: not measured']
      : [],
    ...waysTable(profile.ways ?? []),
  ].join('\n')
}

/** The same on other backends. */
function othersOf({ variants }: Profile): string[] {
  const rows = variants.flatMap(({ task, variant, others = {} }) =>
    Object.entries(others).map(([backend, batches]) => [
      ...[task, variant, backend],
      ...typeof batches === 'string'
        ? [batches]
        : batches.map((b) => `${b.minMs.toFixed(1)} / ${b.medianMs.toFixed(1)}`),
    ])
  )
  return rows.length === 0 ? [] : ['', align([['task', 'variant', 'on', 'ms'], ...rows])]
}

function waysTable(ways: readonly Way[]): string[] {
  if (ways.length === 0) return []
  const rows = worthTaking(ways).map(({ variants, accuracy, ms }) => [
    ...[variants.join(' + '), ratio(accuracy), ms.toFixed(1)],
  ])
  return [
    '',
    `ways through all branches that no other beats, of ${ways.length}`,
    '',
    align([['way', 'accuracy', 'ms a query'], ...rows]),
  ]
}

const ratio = (value: number): string => value.toFixed(4)

function align(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(...rows.map((row) => row.length))
  const widths = Array.from(
    { length: columns },
    (_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)),
  )
  return rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i]!)).join('  ').trimEnd())
    .join('\n')
}
