/**
 * Tesseract as distributions package it, where it is installed.
 *
 * @module
 */
export interface Tesseract {
  /** As `tesseract 5.5.0`. */
  version: string
  read(file: string): Promise<string>
  /** Seconds of processor of all that it has read. */
  processorS(): number
}

/** Pages turned by quarters are found; the pictures do not say their dots an inch. */
const FLAGS = ['--psm', '1', '--dpi', '120', '-l', 'eng']
const TICKS_PER_S = 100

/** @throws Error where it is not installed */
export async function findTesseract(): Promise<Tesseract> {
  const said = await run('--version').catch(() => {
    throw new Error('it is not installed')
  })
  const version = said.split('\n')[0]!.trim()
  return { version, read: (file) => run(file, 'stdout', ...FLAGS), processorS: childrenS }
}

/** @throws Error with what it says */
async function run(...args: string[]): Promise<string> {
  const command = new Deno.Command('tesseract', {
    args,
    env: { OMP_THREAD_LIMIT: '1' },
    stdout: 'piped',
    stderr: 'piped',
  })
  const { success, stdout, stderr } = await command.output()
  const text = new TextDecoder()
  if (!success) throw new Error(`Cannot run tesseract: ${text.decode(stderr)}`)
  return text.decode(stdout)
}

/** Of children of this process that have ended; NaN where there is no /proc. */
function childrenS(): number {
  try {
    const stat = Deno.readTextFileSync('/proc/self/stat')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_S
  } catch {
    return NaN
  }
}
