/**
 * A Chromium on this machine, for tests and benchmarks of a tab.
 *
 * @module
 */
import { type Browser, chromium } from 'playwright-core'

const NAMES = [
  ...['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

/** What to do without one. */
export const NO_CHROMIUM =
  'there is no Chromium; install one (apt-get install chromium), name one in CHROMIUM, ' +
  'or leave tabs out with --tabs 0'

/** What gives a headless Chromium without a GPU a WebGPU adapter that computes on the processor. */
const SOFTWARE_GPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader']

/** Where one is: as `CHROMIUM` says, or where distributions and installers put it. */
export const findChromium = () => firstFile([Deno.env.get('CHROMIUM'), ...NAMES])

/** The first of these that is a file. */
export async function firstFile(
  paths: Iterable<string | undefined>,
): Promise<string | undefined> {
  for (const path of paths) {
    if (path && await Deno.stat(path).then(({ isFile }) => isFile, () => false)) return path
  }
  return undefined
}

export interface LaunchOptions {
  /** With a software adapter of WebGPU; without it a machine without a GPU has none. */
  webgpu?: boolean
  /** Names that lead to this machine. */
  names?: readonly string[]
  /** More of its own flags. */
  flags?: readonly string[]
}

export function launchChromium(
  executablePath: string,
  { webgpu = false, names = [], flags = [] }: LaunchOptions = {},
): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-background-networking',
      ...(webgpu ? SOFTWARE_GPU : []),
      ...flags,
      `--host-resolver-rules=${names.map((name) => `MAP ${name} 127.0.0.1`).join(', ')}`,
    ],
  })
}
