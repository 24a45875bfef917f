/** `npm start`: reads the settings, starts the server, prints where it is, and ends it on a signal. */
import { join, resolve } from 'node:path'
import { type App, startApp } from '../src/app.ts'
import { type Config, ConfigError } from '../src/config.ts'
import { createLog, type Log } from '../src/log.ts'
import { misspeltSettings } from '../src/settings.ts'
import { loadConfig } from './load-config.ts'

/** After this the process ends although something would not close. */
const CLOSE_TIMEOUT_MS = 15_000
const root = resolve(import.meta.dirname, '../../..')

function fail(error: unknown): never {
  process.stderr.write(
    `\nThe server did not start. ${error instanceof Error ? error.message : String(error)}\n`,
  )
  process.exit(1)
}

function readSettings(): { config: Config; log: Log } {
  try {
    const config = loadConfig()
    return { config, log: createLog(config) }
  } catch (error) {
    if (error instanceof ConfigError) fail(error)
    throw error
  }
}

/** To standard error: standard output carries log lines alone, and the link is a secret that no log may hold. */
function announce(app: App): void {
  const { config } = app.context
  const lines = [
    '',
    `  MiniApps is ready on ${app.listeningOn}`,
    '',
    ...(config.role === 'worker'
      ? ['  Role         worker: background work and health checks']
      : [`  GraphQL      ${app.apiUrl}/graphql`, `  Schema       ${app.apiUrl}/public-api.graphql`]),
    `  Database     ${config.databaseUrl === undefined ? `embedded, in ${config.dataDir}` : 'PostgreSQL'}`,
    ...(app.ownerLink === undefined
      ? []
      : [
          '',
          '  Sign in as the owner (works once, for 24 hours):',
          '',
          `    npm run miniapps -- login ${app.ownerLink}`,
        ]),
    '',
  ]
  process.stderr.write(`${lines.join('\n')}\n`)
}

function endOnSignal(app: App, log: Log): void {
  let ending = false
  const end = async (reason: string) => {
    if (ending) return
    ending = true
    log.info('server.stopping', { reason })
    setTimeout(() => process.exit(1), CLOSE_TIMEOUT_MS).unref()
    try {
      await app.close()
      log.info('server.stopped')
      await log.flush()
      process.exit(0)
    } catch (error) {
      log.error('server.failed', { error })
      process.exit(1)
    }
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(signal))
  if (process.channel) {
    process.on('disconnect', () => void end('parent process ended'))
    process.channel.unref()
  }
}

const startedAt = performance.now()
const { config, log } = readSettings()
for (const { name, meant } of misspeltSettings(process.env)) log.warn('setting.misspelt', { name, meant })
const app = await startApp(config, log, { catalogDir: join(root, 'catalog') }).catch((error: unknown) => {
  log.error('server.failed', { error })
  return fail(error)
})
endOnSignal(app, log)
log.info('server.started', {
  listeningOn: app.listeningOn,
  database: app.context.db.engine,
  durationMs: Math.round(performance.now() - startedAt),
})
announce(app)
