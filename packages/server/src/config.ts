/** Reads the settings of `settings.ts` from the environment and checks them once, at start. */
import { resolve } from 'node:path'
import { LOG_LEVELS, type LogLevel, type SettingName } from './settings.ts'

export type Role = 'all' | 'api' | 'worker'
/** How a request's workspace is found (specification 10.1). */
export type AddressMode = 'single' | 'subdomain' | 'path'

export interface Config {
  port: number
  host: string
  /** Absolute path of the directory of the embedded database and the generated master key. */
  dataDir: string
  databaseUrl: string | undefined
  saasApiUrl: string
  addressMode: AddressMode
  oauthBaseUrl: string | undefined
  masterKey: string | undefined
  masterKeyFile: string | undefined
  masterKeyCommand: string | undefined
  role: Role
  logLevel: LogLevel
  logFormat: 'json' | 'text'
  auditRetentionDays: number
  metricsToken: string | undefined
  /** Addresses and CIDRs whose `X-Forwarded-*` and `X-Request-Id` are believed. */
  trustedProxies: string[]
  /** As written; parsed by `http/egress-settings.ts`. */
  allowPrivateNetworks: string | undefined
  /** As written; parsed by `http/egress-settings.ts`. */
  providerOrigins: string | undefined
  /** Of the body of a webhook, on the wire and decoded. */
  maxWebhookBytes: number
  /** Of the headers `{prefix}-token` and `X-{prefix}-Signature-256` (specification 11). */
  webhookHeaderPrefix: string
  /** `NODE_ENV=production`, or a public URL setting whose host is not loopback (specification 10.4). */
  production: boolean
}

const ROLES = ['all', 'api', 'worker'] as const
const LOG_FORMATS = ['json', 'text'] as const

const MAX_PORT = 65_535
/** The database refuses to delete younger entries: what happened lately cannot be made undone. */
const MIN_AUDIT_DAYS = 30
/** A hundred years; more is a slip of the finger. */
const MAX_DAYS = 36_500

/** Specification 5.1. */
const DEFAULT_WEBHOOK_BYTES = 5 * 1024 * 1024
/** What is smaller than a signed payload with its customer, or larger than a batch that the database takes at once, is a slip. */
const WEBHOOK_BYTES = { atLeast: 1024, atMost: 64 * 1024 * 1024, fallback: DEFAULT_WEBHOOK_BYTES }

const DEFAULT_HEADER_PREFIX = 'MiniApps'
const HEADER_PREFIX = /^[A-Za-z][A-Za-z0-9-]{0,31}$/

/** What is wrong with the settings; all problems at once, each naming its setting. */
export class ConfigError extends Error {
  readonly problems: string[]
  constructor(problems: string[]) {
    super(`The settings cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.name = 'ConfigError'
    this.problems = problems
  }
}

type Environment = Record<string, string | undefined>

/** Collects problems while values are read, so that all are reported together. */
class Reader {
  readonly problems: string[] = []
  readonly #env: Environment
  constructor(env: Environment) {
    this.#env = env
  }

  /** The setting's value; an empty or blank one counts as not set. */
  text(name: SettingName): string | undefined {
    return this.#env[name]?.trim() || undefined
  }

  oneOf<T extends string>(name: SettingName, allowed: readonly T[], fallback: T): T {
    const value = this.text(name)
    if (value === undefined) return fallback
    if ((allowed as readonly string[]).includes(value)) return value as T
    this.problems.push(`${name} is "${value}"; it must be one of ${allowed.join(', ')}.`)
    return fallback
  }

  port(): number {
    const value = this.text('PORT')
    if (value === undefined) return 4000
    const port = /^\d+$/.test(value) ? Number(value) : Number.NaN
    if (port <= MAX_PORT) return port
    this.problems.push(`PORT is "${value}"; it must be a whole number from 0 to ${MAX_PORT}.`)
    return 4000
  }

  wholeNumber(
    name: SettingName,
    { atLeast, atMost, fallback }: { atLeast: number; atMost: number; fallback: number },
  ): number {
    const value = this.text(name)
    if (value === undefined) return fallback
    const found = /^\d+$/.test(value) ? Number(value) : Number.NaN
    if (found >= atLeast && found <= atMost) return found
    this.problems.push(`${name} is "${value}"; it must be a whole number from ${atLeast} to ${atMost}.`)
    return fallback
  }

  headerPrefix(): string {
    const value = this.text('WEBHOOK_HEADER_PREFIX') ?? DEFAULT_HEADER_PREFIX
    if (HEADER_PREFIX.test(value)) return value
    this.problems.push(
      `WEBHOOK_HEADER_PREFIX is "${value}"; it must be a letter, then at most 31 letters, digits and hyphens.`,
    )
    return DEFAULT_HEADER_PREFIX
  }

  list(name: SettingName): string[] {
    return (this.text(name) ?? '').split(',').flatMap((item) => item.trim() || [])
  }

  /** An absolute http(s) URL without query, fragment and user info, without its trailing slash. */
  url(name: SettingName, placeholderAllowed: boolean): string | undefined {
    const value = this.text(name)
    if (value === undefined) return undefined
    const problem = urlProblem(value, placeholderAllowed)
    if (problem) this.problems.push(`${name} is "${value}"; ${problem}`)
    return value.replace(/\/+$/, '')
  }
}

function urlProblem(value: string, placeholderAllowed: boolean): string | undefined {
  const filled = value.replaceAll('{subdomain}', 'x')
  if (filled !== value && !placeholderAllowed) return 'it must not hold {subdomain}.'
  if (/[{}]/.test(filled)) return 'the only placeholder it may hold is {subdomain}.'
  if (!URL.canParse(filled)) return 'it must be an absolute URL such as https://api.example.com.'
  const url = new URL(filled)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'its scheme must be https or http.'
  if (url.search || url.hash || url.username || url.password)
    return 'it must not hold a query, a fragment or user info.'
  if (value.split('{subdomain}').length > 2) return 'it may hold {subdomain} once.'
  const inHost = value.includes('://{subdomain}.')
  if (filled !== value && !inHost && !value.replace(/\/+$/, '').endsWith('/w/{subdomain}')) {
    return '{subdomain} must be the first label of the host or stand in the path as /w/{subdomain}.'
  }
  return undefined
}

/** @param url a template of `SAAS_API_URL` that passed {@link urlProblem} */
export function addressModeOf(url: string): AddressMode {
  if (!url.includes('{subdomain}')) return 'single'
  return url.includes('://{subdomain}.') ? 'subdomain' : 'path'
}

/** Whether the host of an address, or of a template of one, is this machine. */
export function isLoopback(url: string): boolean {
  const filled = url.replace('{subdomain}', 'x')
  if (!URL.canParse(filled)) return true
  const { hostname } = new URL(filled)
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    /^127(\.\d+){3}$/.test(hostname) ||
    hostname === '[::1]'
  )
}

/**
 * Reads and checks all settings.
 * @param options.terminal whether standard output is a terminal: decides the default of `LOG_FORMAT`
 * @throws ConfigError with every problem found
 */
export function readConfig(
  env: Environment,
  options: { terminal: boolean; workingDirectory: string },
): Config {
  const reader = new Reader(env)
  const port = reader.port()
  const saasApiUrl = reader.url('SAAS_API_URL', true) ?? `http://localhost:${port}`
  const oauthBaseUrl = reader.url('OAUTH_BASE_URL', false)
  const config: Config = {
    port,
    host: reader.text('HOST') ?? '127.0.0.1',
    dataDir: resolve(options.workingDirectory, reader.text('DATA_DIR') ?? './data'),
    databaseUrl: reader.text('DATABASE_URL'),
    saasApiUrl,
    addressMode: addressModeOf(saasApiUrl),
    oauthBaseUrl,
    masterKey: reader.text('MASTER_KEY'),
    masterKeyFile: reader.text('MASTER_KEY_FILE'),
    masterKeyCommand: reader.text('MASTER_KEY_COMMAND'),
    role: reader.oneOf('ROLE', ROLES, 'all'),
    logLevel: reader.oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
    logFormat: reader.oneOf('LOG_FORMAT', LOG_FORMATS, options.terminal ? 'text' : 'json'),
    auditRetentionDays: reader.wholeNumber('AUDIT_RETENTION_DAYS', {
      atLeast: MIN_AUDIT_DAYS,
      atMost: MAX_DAYS,
      fallback: 365,
    }),
    metricsToken: reader.text('METRICS_TOKEN'),
    trustedProxies: reader.list('TRUSTED_PROXIES'),
    allowPrivateNetworks: reader.text('ALLOW_PRIVATE_NETWORKS'),
    providerOrigins: reader.text('PROVIDER_ORIGINS'),
    maxWebhookBytes: reader.wholeNumber('MAX_WEBHOOK_BYTES', WEBHOOK_BYTES),
    webhookHeaderPrefix: reader.headerPrefix(),
    production:
      env['NODE_ENV'] === 'production' ||
      [saasApiUrl, oauthBaseUrl].some((url) => url !== undefined && !isLoopback(url)),
  }
  const problems = [...reader.problems, ...combinationProblems(config)]
  if (problems.length > 0) throw new ConfigError(problems)
  return config
}

function combinationProblems(config: Config): string[] {
  const problems: string[] = []
  const keys = [config.masterKey, config.masterKeyFile, config.masterKeyCommand].filter(
    (value) => value !== undefined,
  )
  if (keys.length > 1) {
    problems.push('MASTER_KEY, MASTER_KEY_FILE and MASTER_KEY_COMMAND exclude each other; set one of them.')
  }
  if (config.databaseUrl !== undefined && !/^postgres(ql)?:\/\//.test(config.databaseUrl)) {
    problems.push(
      'DATABASE_URL must begin with postgres:// or postgresql:// (its value is not shown: it may hold a password).',
    )
  }
  if (config.databaseUrl !== undefined && keys.length === 0) {
    problems.push(
      'DATABASE_URL is set, so the master key must be given: several hosts that each made one could not read ' +
        "each other's credentials. Make one with `openssl rand -base64 32` and set MASTER_KEY or MASTER_KEY_FILE.",
    )
  }
  if (config.databaseUrl === undefined && config.role !== 'all') {
    problems.push(
      `ROLE is "${config.role}", but the embedded database serves one process: leave ROLE away or set DATABASE_URL.`,
    )
  }
  if (config.addressMode !== 'single' && config.oauthBaseUrl === undefined) {
    problems.push(
      'OAUTH_BASE_URL must be set where SAAS_API_URL holds {subdomain}: providers match redirect addresses literally.',
    )
  }
  if (config.production && config.providerOrigins !== undefined) {
    problems.push(
      'PROVIDER_ORIGINS is for development and tests and is refused in production mode (NODE_ENV=production, or a public address that is not loopback).',
    )
  }
  return problems
}
