/**
 * What the tests need of the machine besides npm packages: a Chromium, and a Vulkan driver that
 * computes WebGPU on the processor. Where Debian's package manager may be used they are installed;
 * elsewhere one line says how, and the tests that need them are skipped.
 *
 * @module
 */
import { findChromium } from '../chromium.ts'

interface Need {
  /** What it is for, for people. */
  what: string
  package: string
  isHere(): Promise<boolean>
}

const VULKAN_DRIVERS = '/usr/share/vulkan/icd.d'

const NEEDS: readonly Need[] = [
  {
    what: 'Chromium, for the tests of pages and tabs',
    package: 'chromium',
    isHere: async () => await findChromium() !== undefined,
  },
  {
    what: 'a Vulkan driver, for the tests of WebGPU',
    package: 'mesa-vulkan-drivers',
    isHere: async () => {
      const files = await Array.fromAsync(Deno.readDir(VULKAN_DRIVERS)).catch(() => [])
      return files.length > 0
    },
  },
]

/** `SHOAL_INSTALL=0` leaves the machine as it is. */
export async function provideTestNeeds(say: (line: string) => void): Promise<void> {
  const missing: Need[] = []
  for (const need of NEEDS) if (!await need.isHere()) missing.push(need)
  if (Deno.build.os !== 'linux' || missing.length === 0) return
  const names = missing.map((need) => need.package)
  for (const { what } of missing) say(`not on this machine: ${what}`)
  const may = Deno.uid() === 0 && Deno.env.get('SHOAL_INSTALL') !== '0' &&
    await succeeds('apt-get', ['--version'])
  if (!may) {
    say(`the tests that need it are skipped; to have them: apt-get install ${names.join(' ')}`)
    return
  }
  say(`installing ${names.join(' and ')} with apt-get`)
  const installed = await succeeds('apt-get', ['update', '-qq']) &&
    await succeeds('apt-get', ['install', '-qq', '--yes', '--no-install-recommends', ...names])
  say(installed ? 'installed' : 'could not be installed: the tests that need it are skipped')
}

const succeeds = (command: string, args: readonly string[]): Promise<boolean> =>
  new Deno.Command(command, {
    args: [...args],
    env: { DEBIAN_FRONTEND: 'noninteractive' },
    stdin: 'null',
    stdout: 'null',
    stderr: 'null',
  }).output().then(({ success }) => success, () => false)
