#!/usr/bin/env node
/**
 * `shoal COMMAND`: the commands of Shoal where it was installed as a package.
 *
 * Deno, which comes with the package, runs no TypeScript inside of `node_modules`. So the sources are
 * copied once to a folder of the user's cache, with links to the packages that npm installed beside.
 * What Shoal keeps (models, keys, the coordinator's store) goes to `.shoal` in the folder where it is
 * started, or to `SHOAL_HOME`.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants, homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const PACKAGE = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const { version, dependencies } = readJson('package.json')
const { tasks, ...deno } = readJson('deno.json')
const COMMANDS = [
  ...['start', 'documents', 'node', 'keys', 'profile', 'load', 'demo', 'simulate', 'import-eval'],
]

const [command = '', ...args] = process.argv.slice(2)
if (command === '--version') {
  console.log(version)
} else if (COMMANDS.includes(command)) {
  run(join(appFolder(), tasks[command].command.split(' ').at(-1)))
} else {
  const lines = COMMANDS.map((name) => `  ${name.padEnd(12)} ${tasks[name].description}`)
  const help = `shoal COMMAND [options]; shoal COMMAND --help has the options\n${lines.join('\n')}`
  const wanted = ['', '--help', '-h', 'help'].includes(command)
  if (wanted) console.log(help)
  else fail(`Cannot run ${command}: there is no such command\n\n${help}`)
}

function run(file) {
  const env = {
    SHOAL_HOME: resolve('.shoal'),
    ...process.env,
    SHOAL_COMMAND: 'shoal',
  }
  const child = spawn(denoFile(), ['run', '-A', file, ...args], { stdio: 'inherit', env })
  // A terminal tells both; whoever ends this process alone means the other.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => fail(`Cannot run Deno: ${error.message}`))
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
}

/** The sources outside of `node_modules`: a checkout's own folder, or a copy of this installation. */
function appFolder() {
  if (!PACKAGE.split(/[\\/]/).includes('node_modules')) return PACKAGE
  const { ctimeMs } = statSync(join(PACKAGE, 'package.json'))
  const which = createHash('sha256').update(`${PACKAGE} ${ctimeMs}`).digest('hex').slice(0, 8)
  const folder = join(cacheFolder(), `${version}-${which}`)
  if (existsSync(folder)) return folder
  mkdirSync(cacheFolder(), { recursive: true })
  const made = mkdtempSync(`${folder}-`)
  for (const name of ['src', 'workers', 'demo', 'profiles', 'LICENSE']) {
    cpSync(join(PACKAGE, name), join(made, name), { recursive: true })
  }
  writeFileSync(join(made, 'package.json'), JSON.stringify({ type: 'module', dependencies }))
  writeFileSync(join(made, 'deno.json'), JSON.stringify({ ...deno, nodeModulesDir: 'manual' }))
  for (const name of Object.keys(dependencies)) {
    const link = join(made, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(installed(name), link, 'junction')
  }
  try {
    renameSync(made, folder)
  } catch (error) {
    rmSync(made, { recursive: true })
    // Another process was quicker.
    if (!existsSync(folder)) throw error
  }
  return folder
}

function cacheFolder() {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env
  const cache = process.platform === 'win32' ? LOCALAPPDATA : XDG_CACHE_HOME
  return join(cache || join(homedir(), '.cache'), 'shoal')
}

/** Where npm installed a package that this one needs. */
function installed(name) {
  for (let folder = PACKAGE; folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, 'node_modules', name)
    if (existsSync(path)) return path
  }
  return fail(`Cannot start: the package ${name} is not installed. Install shoal anew`)
}

/** Deno itself rather than its wrapper, which dies of a signal and leaves Deno running. */
function denoFile() {
  const folder = installed('deno')
  const file = join(folder, process.platform === 'win32' ? 'deno.exe' : 'deno')
  if (existsSync(file)) return file
  // Installed without scripts.
  return createRequire(import.meta.url)(join(folder, 'install_api.cjs')).runInstall()
}

function readJson(name) {
  return JSON.parse(readFileSync(join(PACKAGE, name), 'utf8'))
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
