/**
 * Browsers besides Chromium on this machine, for tests of what a volunteer's browser may be.
 *
 * @module
 */

const FIREFOX = [
  ...['/usr/bin/firefox-esr', '/usr/bin/firefox'],
  '/Applications/Firefox.app/Contents/MacOS/firefox',
  'C:\\Program Files\\Mozilla Firefox\\firefox.exe',
]
const WEBKIT_DRIVER = '/usr/bin/WPEWebDriver'
const LIBRARIES = '/usr/lib'

const isFile = (path: string) => Deno.stat(path).then((found) => found.isFile, () => false)

/** As `FIREFOX` says, or where distributions and installers put it. */
export async function findFirefox(): Promise<string | undefined> {
  for (const path of [Deno.env.get('FIREFOX'), ...FIREFOX]) {
    if (path && await isFile(path)) return path
  }
  return undefined
}

/** WebKit's port that needs no display, with what drives it; Debian has them in two packages. */
export async function findWebkit(): Promise<{ driver: string; browser: string } | undefined> {
  if (!await isFile(WEBKIT_DRIVER)) return undefined
  // Each architecture and version has a folder of its own: /usr/lib/ARCHITECTURE/wpe-webkit-VERSION.
  for await (const { name } of Deno.readDir(LIBRARIES)) {
    const within = await Array.fromAsync(Deno.readDir(`${LIBRARIES}/${name}`)).catch(() => [])
    for (const folder of within) {
      const browser = `${LIBRARIES}/${name}/${folder.name}/MiniBrowser`
      if (folder.name.startsWith('wpe-webkit-') && await isFile(browser)) {
        return { driver: WEBKIT_DRIVER, browser }
      }
    }
  }
  return undefined
}
