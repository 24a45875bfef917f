/**
 * The one door of every npm script: installs what the lockfile says where that is needed, switches to the pinned
 * Node and runs the given program there. Uses only Node's own modules, because it runs before anything is installed,
 * possibly on an older Node.
 *
 *   node scripts/bootstrap.mjs <path to a .ts or .mjs file | name of an installed command> [arguments…]
 *
 * It stays as the parent: signals are forwarded, and an IPC channel is held open whose end tells the program that
 * this process is gone (also after a SIGKILL).
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const modules = join(root, 'node_modules')
const stampFile = join(modules, '.installed-from')
const pinnedNode = join(modules, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')

const INSTALL_LOCK_STALE_MS = 15 * 60_000
const INSTALL_LOCK_POLL_MS = 250
const PARENT_POLL_MS = 500
const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']

function lockfileStamp() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(`${process.platform} ${process.arch}`)
    .digest('hex')
}

function isInstalled() {
  if (!existsSync(stampFile) || !existsSync(pinnedNode)) return false
  return readFileSync(stampFile, 'utf8') === lockfileStamp()
}

function say(text) {
  process.stderr.write(`${text}\n`)
}

function fail(text) {
  say(text)
  process.exit(1)
}

/** Runs `body` while holding a directory lock, so that two scripts started together install once. */
function withInstallLock(body) {
  const lock = join(
    tmpdir(),
    `miniapps-install-${createHash('sha256').update(root).digest('hex').slice(0, 16)}`,
  )
  for (;;) {
    try {
      mkdirSync(lock)
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
      try {
        if (Date.now() - statSync(lock).mtimeMs > INSTALL_LOCK_STALE_MS) rmSync(lock, { recursive: true })
      } catch {
        continue
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, INSTALL_LOCK_POLL_MS)
    }
  }
  const release = () => rmSync(lock, { recursive: true, force: true })
  process.once('exit', release)
  try {
    body()
  } finally {
    process.removeListener('exit', release)
    release()
  }
}

function npmCommand(args) {
  const npmScript = process.env.npm_execpath
  return npmScript?.endsWith('.js') ? [process.execPath, [npmScript, ...args]] : ['npm', args]
}

function install() {
  say('Installing what package-lock.json lists (only needed after a change of it) …')
  const [command, args] = npmCommand(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'])
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] })
  if (result.error)
    fail(`Could not start npm: ${result.error.message}. Install npm 10 or newer and try again.`)
  if (result.status !== 0) {
    fail(
      `"npm ci" failed (exit code ${result.status ?? result.signal}). Its own message stands above; mend that and run the command again.`,
    )
  }
  if (!existsSync(pinnedNode)) {
    fail(
      `The package "node" is installed but ${pinnedNode} is missing: its install script did not run. ` +
        'Allow install scripts (npm config set ignore-scripts false), delete node_modules and run the command again.',
    )
  }
  writeFileSync(stampFile, lockfileStamp())
}

/** A path is taken as it is; a bare name is a command of an installed package, whose JavaScript file is run. */
function programPath(name) {
  if (/\.(ts|mjs|js)$/.test(name)) return resolve(root, name)
  const link = join(modules, '.bin', name)
  if (!existsSync(link)) fail(`No installed command is called "${name}".`)
  return realpathSync(link)
}

function run(program, args) {
  const isOwn = !program.startsWith(modules)
  const child = spawn(pinnedNode, [program, ...args], {
    stdio: isOwn ? ['inherit', 'inherit', 'inherit', 'ipc'] : 'inherit',
    env: {
      // Half of the time of a start goes into compiling: what one process has compiled is used by the next.
      NODE_COMPILE_CACHE: join(modules, '.cache', 'node'),
      ...process.env,
      PATH: `${dirname(pinnedNode)}${delimiter}${process.env.PATH ?? ''}`,
    },
  })
  for (const signal of FORWARDED_SIGNALS) process.on(signal, () => child.kill(signal))
  // npm can be killed in a way that it cannot forward: then this process gets another parent.
  if (process.env.npm_lifecycle_event) {
    const parent = process.ppid
    setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), PARENT_POLL_MS).unref()
  }
  child.on('error', (error) => fail(`Could not start ${pinnedNode}: ${error.message}`))
  child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : (code ?? 1)))
}

const [name, ...args] = process.argv.slice(2)
if (!name) fail('usage: node scripts/bootstrap.mjs <file or installed command> [arguments…]')
if (!isInstalled()) withInstallLock(() => isInstalled() || install())
run(programPath(name), args)
