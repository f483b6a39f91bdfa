/**
 * The page of one suite in a folder of results: what was simulated, by which command, when and of
 * which code, then its tables. A run replaces the page; its charts lie beside it.
 *
 * @module
 */
import { join } from 'node:path'
import type { Suite } from '../suite.ts'

/** What a page says of its making, besides the tables. */
export interface Making {
  command: string
  /** As `2026-12-01`. */
  date: string
  /** Undefined outside a checkout. */
  commit?: string
  /** Policies whose rows are of an earlier run. */
  earlier: readonly string[]
}

export type Chart = [name: string, svg: string]

export const pageFile = (dir: string, { name }: Pick<Suite, 'name'>): string =>
  join(dir, `${name}.md`)

/** @returns nothing for a page that was never made */
export const readPage = (file: string): Promise<string> => Deno.readTextFile(file).catch(() => '')

/** @param images names of charts, which lie beside the page */
export function pageText(
  { name, about, notes }: Pick<Suite, 'name' | 'about' | 'notes'>,
  { command, date, commit, earlier }: Making,
  markdown: string,
  images: readonly string[],
): string {
  const made = `Simulated on ${date}${commit === undefined ? '' : `, commit ${commit}`}.`
  const older = earlier.length === 0
    ? []
    : [`Rows of ${earlier.map((policy) => `\`${policy}\``).join(', ')} are of an earlier run.`]
  return [
    `# ${name}`,
    `${about[0]!.toUpperCase()}${about.slice(1)}.`,
    ...notes === undefined ? [] : [notes],
    [made, ...older].join(' '),
    `\`\`\`sh\n${command}\n\`\`\``,
    markdown.trim(),
    ...images.map((image) => `![${image.replaceAll('-', ' ')} over time](${image}.svg)`),
  ].join('\n\n') + '\n'
}

/** Names of the charts that a page shows. */
export const imagesOf = (page: string): string[] =>
  [...page.matchAll(/^!\[[^\]]*\]\((.+)\.svg\)$/gm)].map(([, name = '']) => name)

/** @param replaceFile writes a file whole or not at all */
export async function writePage(
  dir: string,
  suite: Suite,
  making: Making,
  markdown: string,
  charts: readonly Chart[],
  replaceFile: (file: string, text: string) => Promise<void>,
): Promise<void> {
  const file = pageFile(dir, suite)
  // A chart of some policies alone would take the place of one that compares.
  const images = charts.length > 0 ? charts.map(([name]) => name) : imagesOf(await readPage(file))
  for (const [name, svg] of charts) await Deno.writeTextFile(join(dir, `${name}.svg`), svg)
  await replaceFile(file, pageText(suite, making, markdown, images))
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ['fmt', '--quiet', file],
  }).output()
  if (!success) throw new Error(`Cannot format ${file}: deno fmt failed`)
}
