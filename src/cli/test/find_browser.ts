/**
 * Browsers besides Chromium on this machine, for tests of what a volunteer's browser may be.
 *
 * @module
 */
import { firstFile } from '../chromium.ts'

const FIREFOX = [
  ...['/usr/bin/firefox-esr', '/usr/bin/firefox'],
  '/Applications/Firefox.app/Contents/MacOS/firefox',
  'C:\\Program Files\\Mozilla Firefox\\firefox.exe',
]
const WEBKIT_DRIVER = '/usr/bin/WPEWebDriver'
const LIBRARIES = '/usr/lib'

/** As `FIREFOX` says, or where distributions and installers put it. */
export const findFirefox = () => firstFile([Deno.env.get('FIREFOX'), ...FIREFOX])

/** WebKit's port that needs no display, with what drives it; Debian has them in two packages. */
export async function findWebkit(): Promise<{ driver: string; browser: string } | undefined> {
  const driver = await firstFile([WEBKIT_DRIVER])
  if (driver === undefined) return undefined
  // Each architecture and version has a folder of its own: /usr/lib/ARCHITECTURE/wpe-webkit-VERSION.
  const browsers: string[] = []
  for await (const { name } of Deno.readDir(LIBRARIES)) {
    const within = await Array.fromAsync(Deno.readDir(`${LIBRARIES}/${name}`)).catch(() => [])
    const folders = within.filter((folder) => folder.name.startsWith('wpe-webkit-'))
    browsers.push(...folders.map((folder) => `${LIBRARIES}/${name}/${folder.name}/MiniBrowser`))
  }
  const browser = await firstFile(browsers)
  return browser === undefined ? undefined : { driver, browser }
}
