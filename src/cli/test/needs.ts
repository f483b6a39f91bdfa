/**
 * What the tests need of the machine besides npm packages: a Chromium, a Firefox, a WebKit, and a
 * Vulkan driver that computes WebGPU on the processor. Where Debian's package manager may be used they
 * are installed; elsewhere one line says how, and the tests that need them are skipped.
 *
 * @module
 */
import { findChromium } from '../chromium.ts'
import { findFirefox, findWebkit } from './find_browser.ts'

interface Need {
  /** What it is for, for people. */
  what: string
  packages: readonly string[]
  /** Tests ask for it with `--all` alone: to fetch it takes a minute. */
  onlyWithAll?: boolean
  isHere(): Promise<boolean>
}

const VULKAN_DRIVERS = '/usr/share/vulkan/icd.d'

const NEEDS: readonly Need[] = [
  {
    what: 'Chromium, for the tests of pages and tabs',
    packages: ['chromium'],
    isHere: async () => await findChromium() !== undefined,
  },
  {
    what: 'a Vulkan driver, for the tests of WebGPU',
    packages: ['mesa-vulkan-drivers'],
    isHere: async () => {
      const files = await Array.fromAsync(Deno.readDir(VULKAN_DRIVERS)).catch(() => [])
      return files.length > 0
    },
  },
  {
    what: 'Firefox, for the tests of other browsers',
    packages: ['firefox-esr'],
    onlyWithAll: true,
    isHere: async () => await findFirefox() !== undefined,
  },
  {
    what: 'WebKit, for the tests of other browsers',
    packages: ['wpewebkit-driver', 'libwpebackend-fdo-1.0-1'],
    onlyWithAll: true,
    isHere: async () => await findWebkit() !== undefined,
  },
]

/** `SHOAL_INSTALL=0` leaves the machine as it is. */
export async function provideTestNeeds(all: boolean, say: (line: string) => void): Promise<void> {
  const missing: Need[] = []
  for (const need of NEEDS) {
    if ((all || need.onlyWithAll !== true) && !await need.isHere()) missing.push(need)
  }
  if (Deno.build.os !== 'linux' || missing.length === 0) return
  for (const { what } of missing) say(`not on this machine: ${what}`)
  const may = Deno.uid() === 0 && Deno.env.get('SHOAL_INSTALL') !== '0' &&
    await succeeds('apt-get', ['--version'])
  if (!may) {
    const names = missing.flatMap(({ packages }) => packages)
    say(`the tests that need it are skipped; to have them: apt-get install ${names.join(' ')}`)
    return
  }
  await succeeds('apt-get', ['update', '-qq'])
  // One by one: not all distributions have all of them.
  for (const { packages } of missing) {
    const names = packages.join(' and ')
    say(`installing ${names} with apt-get`)
    const installed = await succeeds('apt-get', [...INSTALL, ...packages])
    say(installed ? 'installed' : 'could not be installed: the tests that need it are skipped')
  }
}

const INSTALL = ['install', '-qq', '--yes', '--no-install-recommends']

const succeeds = (command: string, args: readonly string[]): Promise<boolean> =>
  new Deno.Command(command, {
    args: [...args],
    env: { DEBIAN_FRONTEND: 'noninteractive' },
    stdin: 'null',
    stdout: 'null',
    stderr: 'null',
  }).output().then(({ success }) => success, () => false)
