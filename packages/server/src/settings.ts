/**
 * Every setting of the server, in one table: read from the environment (a `.env` file fills what is not set there) by
 * `config.ts`, documented in docs/reference/settings.md, which is generated from it.
 */
import { nearestName } from 'miniapp'

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Shorter names of other programs resemble ours by chance. */
const SHORTEST_MISSPELT_NAME = 8

/** What one setting means to the person who sets it. */
interface SettingDocument {
  summary: string
  default?: string
  example: string
}

export const SETTINGS = {
  PORT: { summary: 'Port to listen on; 0 takes a free one.', default: '4000', example: '4000' },
  HOST: { summary: 'Address to listen on.', default: '127.0.0.1', example: '0.0.0.0' },
  DATA_DIR: {
    summary: 'Directory of the embedded database and of the master key made for it.',
    default: './data',
    example: '/var/lib/miniapps',
  },
  DATABASE_URL: {
    summary: 'PostgreSQL 15 or newer; without it the embedded database in `DATA_DIR` is used.',
    example: 'postgres://miniapps@db.internal:5432/miniapps',
  },
  SAAS_API_URL: {
    summary:
      'Public address of the API. With `{subdomain}` in the host or as `/w/{subdomain}` in the path it serves many workspaces; without, one.',
    default: 'http://localhost:{PORT}',
    example: 'https://{subdomain}.api.example.com',
  },
  OAUTH_BASE_URL: {
    summary:
      'Public address of OAuth callbacks, without `{subdomain}`. Required where `SAAS_API_URL` has one.',
    example: 'https://connect.example.com',
  },
  MASTER_KEY: {
    summary:
      'The key that wraps all data keys: 32 bytes in base64. Several, the new one first, while it is replaced. At most one of the three `MASTER_KEY…` settings.',
    example: 'the output of openssl rand -base64 32',
  },
  MASTER_KEY_FILE: {
    summary:
      'File that holds the master key, or several, one a line. Without any of the three a key is made in `DATA_DIR` (embedded database only).',
    example: '/run/secrets/miniapps-master-key',
  },
  MASTER_KEY_COMMAND: {
    summary: 'Command that prints the master key, or several, one a line.',
    example: 'vault read -field=key secret/miniapps',
  },
  ROLE: {
    summary:
      '`api` answers requests, `worker` does the background work (upkeep of the database, tokens that are about to expire, events of webhooks, deliveries to workspaces) and answers health checks alone, `all` does both.',
    default: 'all',
    example: 'api',
  },
  LOG_LEVEL: {
    summary: `One of ${LOG_LEVELS.map((level) => `\`${level}\``).join(' ')}.`,
    default: 'info',
    example: 'debug',
  },
  LOG_FORMAT: {
    summary: '`json`, one object a line, or `text` for people.',
    default: '`text` on a terminal, else `json`',
    example: 'json',
  },
  AUDIT_RETENTION_DAYS: {
    summary: 'Days for which entries of the audit log are kept; at least 30.',
    default: '365',
    example: '1095',
  },
  METRICS_TOKEN: {
    summary:
      'What `GET /metrics` takes as `Authorization: Bearer`. Without it metrics are shown to this machine alone, and in production mode to nobody.',
    example: 'the output of openssl rand -hex 32',
  },
  TRUSTED_PROXIES: {
    summary:
      'Addresses or CIDRs, separated by commas, whose `X-Forwarded-*` and `X-Request-Id` headers are believed.',
    example: '10.0.0.0/8',
  },
  ALLOW_PRIVATE_NETWORKS: {
    summary: 'CIDRs, separated by commas, that requests of definitions may reach although they are private.',
    example: '192.168.10.0/24',
  },
  PROVIDER_ORIGINS: {
    summary:
      'Stand-ins for providers, `origin=origin` separated by commas. For development and tests; refused in production mode.',
    example: 'https://api.github.com=http://127.0.0.1:4001',
  },
  MAX_WEBHOOK_BYTES: {
    summary: 'Bytes of the body of a webhook, as it comes and decoded; a larger one is refused with 413.',
    default: '5242880',
    example: '1048576',
  },
  WEBHOOK_HEADER_PREFIX: {
    summary:
      'How the headers begin that name token and signature of what workspaces are told: `{prefix}-token`, `X-{prefix}-Signature-256`. `Karzoun` is the original spelling.',
    default: 'MiniApps',
    example: 'Karzoun',
  },
  NODE_ENV: {
    summary: '`production` switches production mode on; so does a public address that is not loopback.',
    example: 'production',
  },
} as const satisfies Record<string, SettingDocument>

export type SettingName = keyof typeof SETTINGS

type Environment = Record<string, string | undefined>

/** Names in the environment that are no setting but look like a misspelt one, with the setting meant. */
export function misspeltSettings(env: Environment): { name: string; meant: SettingName }[] {
  const known = Object.keys(SETTINGS) as SettingName[]
  return Object.keys(env).flatMap((name) => {
    if (name in SETTINGS || name.length < SHORTEST_MISSPELT_NAME) return []
    const meant = nearestName(name, known) as SettingName | undefined
    return meant ? [{ name, meant }] : []
  })
}
