/**
 * One structured line per unit of work, on standard output (specification 10, architecture "Conventions").
 *
 * The logger takes no free text: every line is an event of {@link EVENTS} with named fields, so that a line can be
 * counted, searched and never holds what nobody meant to log. Requests and answers of providers are accepted only in
 * their redacted form.
 */
import { type DestinationStream, type Logger, pino } from 'pino'
import pretty from 'pino-pretty'
import type { Config } from './config.ts'

/** Every event that is ever logged, `noun.verb`, with what its line stands for. */
export const EVENTS = {
  'server.started': 'The server answers requests.',
  'server.stopping': 'A signal, or the end of the parent process, asked the server to end.',
  'server.stopped': 'Everything was closed.',
  'server.failed': 'The server could not start, or ended because of an error.',
  'setting.misspelt': 'A name in the environment is no setting but looks like one.',
  'database.opened': 'The database is open and its schema is current.',
  'database.reopened':
    'The embedded database did not answer or failed and was opened again; work in flight failed.',
  'database.notified':
    'The connection that listens for changes was lost and made again; caches were dropped.',
  'database.pruned': 'Partitions and rows past their retention were dropped.',
  'key.outdated':
    'Data keys, or new ones, are still wrapped by another master key than the first that was given: `keys rotate` puts it in their place.',
  'key.rotated':
    'The first master key took the place of others, or is about to; `done` of `total` data keys are wrapped by it.',
  'sandbox.started': 'The processes that run App Functions are up, with the locks that are on.',
  'sandbox.replaced': 'A sandbox process was ended and replaced.',
  'app.registered': 'A definition was registered, or found registered unchanged.',
  'app.refused': 'A definition could not be registered.',
  'app.configured': "An operator changed an app's config overrides.",
  'request.handled': 'One HTTP request was answered.',
  'operation.handled': 'One GraphQL operation was answered.',
  'install.connected': 'An account was connected.',
  'install.refused': 'An attempt to connect failed; nothing was stored.',
  'install.registered': 'The registration requests of a connection ran, to their end or to a failure.',
  'install.unregistered': 'The unregistration requests of a connection ran.',
  'install.refreshed': 'The tokens of a connection were refreshed, or that failed.',
  'install.expired': 'The provider ended a connection; it has to be connected again.',
  'install.disconnected': 'An account was disconnected.',
  'install.suspended': 'The operator suspended an app in a workspace, or lifted the suspension.',
  'install.removed': 'An app was uninstalled.',
  'authorization.started': 'A browser was sent to the authorization page of a provider.',
  'authorization.refused': 'A start of OAuth, or the answer to one, was refused; no connection was made.',
  'webhook.refused':
    'A delivery of a provider was refused, or that could not be counted; `status` is the reason.',
  'webhook.unclaimed':
    'A delivery at the address of the platform verified and names no account that a workspace has connected; it was answered and not kept.',
  'webhook.processed': 'An event was processed, is tried again later, or failed.',
  'stream.ended':
    'A reader of `/events` left, was too slow, may not read any more, or the server stops; `status` says which.',
  'delivery.attempted':
    "A workspace's own server was told of an event, or that failed; `status` is the outcome of the attempt.",
  'budget.unshared': 'What a provider said of its rate limit could not be shared with other processes.',
  'action.executed': 'One action ran.',
  'source.loaded': 'The options of one dropdown were loaded.',
  'token.made': 'An app token was made.',
  'token.revoked': 'An app token was revoked.',
  'link.used': 'A one-time sign-in link was traded for a token.',
} as const

export type LogEvent = keyof typeof EVENTS

/** Fields with a fixed meaning; durations in milliseconds. */
export interface LogFields {
  requestId?: string
  workspaceId?: string
  ns?: string
  action?: string
  status?: string | number
  durationMs?: number
  /** Logged with type, message, code and stack; its `cause` chain too. Never put a provider's raw answer in a message. */
  error?: unknown
  [field: string]: unknown
}

export interface Log {
  debug(event: LogEvent, fields?: LogFields): void
  info(event: LogEvent, fields?: LogFields): void
  warn(event: LogEvent, fields?: LogFields): void
  error(event: LogEvent, fields?: LogFields): void
  /** Resolves once everything logged so far has been handed to the operating system. */
  flush(): Promise<void>
}

function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return String(error)
  const { code } = error as { code?: unknown }
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === 'string' && { code }),
    stack: error.stack,
    ...(error.cause !== undefined && depth < 3 && { cause: describeError(error.cause, depth + 1) }),
  }
}

/** Synchronous, so that the last lines before an exit are not lost. */
function readable(destination: DestinationStream | undefined): DestinationStream {
  return pretty({
    messageKey: 'event',
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
    sync: true,
    colorize: process.stdout.isTTY,
    destination: destination ?? 1,
  })
}

/** @param destination where the lines go; default: standard output */
export function createLog(
  config: Pick<Config, 'logLevel' | 'logFormat'>,
  destination?: DestinationStream,
): Log {
  const stream =
    config.logFormat === 'text'
      ? readable(destination)
      : (destination ?? pino.destination({ fd: 1, sync: true }))
  const logger: Logger = pino(
    {
      level: config.logLevel,
      base: null,
      messageKey: 'event',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (level) => ({ level }) },
    },
    stream,
  )
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (event: LogEvent, fields: LogFields = {}) => {
      const { error, ...rest } = fields
      logger[level](error === undefined ? rest : { ...rest, error: describeError(error) }, event)
    }
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    flush: () => new Promise((done) => logger.flush(() => done())),
  }
}

/** A log that drops every line; for tests and for code paths without an operator. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  flush: () => Promise.resolve(),
}
