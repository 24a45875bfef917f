import { describe, expect, it } from 'vitest'
import { ConfigError, readConfig } from './config.ts'

const read = (env: Record<string, string>) =>
  readConfig(env, { terminal: false, workingDirectory: '/srv/app' })

function problemsOf(env: Record<string, string>): string[] {
  try {
    read(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

describe('readConfig', () => {
  it('needs nothing: the embedded database, one workspace, loopback', () => {
    expect(read({})).toMatchObject({
      port: 4000,
      host: '127.0.0.1',
      dataDir: '/srv/app/data',
      databaseUrl: undefined,
      saasApiUrl: 'http://localhost:4000',
      addressMode: 'single',
      role: 'all',
      logFormat: 'json',
      production: false,
    })
  })

  it('takes an empty or blank value for a setting that is not set', () => {
    expect(read({ PORT: '', DATABASE_URL: '  ' })).toMatchObject({ port: 4000, databaseUrl: undefined })
  })

  it.each([
    ['https://{subdomain}.api.example.com', 'subdomain'],
    ['https://api.example.com/w/{subdomain}/', 'path'],
    ['https://api.example.com', 'single'],
  ])('reads the address mode of %s as %s', (url, mode) => {
    expect(read({ SAAS_API_URL: url, OAUTH_BASE_URL: 'https://connect.example.com' })).toMatchObject({
      addressMode: mode,
    })
  })

  it.each([
    [{ NODE_ENV: 'production' }, true],
    [{ SAAS_API_URL: 'https://api.example.com' }, true],
    [{ OAUTH_BASE_URL: 'https://connect.example.com' }, true],
    [{ SAAS_API_URL: 'http://127.0.0.1:4000' }, false],
    [{ SAAS_API_URL: 'http://[::1]:4000' }, false],
    [{ SAAS_API_URL: 'http://127.example.com' }, true],
    [{ SAAS_API_URL: 'http://{subdomain}.localhost:4000', OAUTH_BASE_URL: 'http://localhost:4000' }, false],
  ])('%o: production mode is %s', (env, production) => {
    expect(read(env as Record<string, string>).production).toBe(production)
  })

  it.each<[string, Record<string, string>, RegExp]>([
    ['a port over the limit', { PORT: '65536' }, /PORT is "65536".*0 to 65535/],
    ['a port that is no number', { PORT: '4000a' }, /PORT is "4000a"/],
    ['an unknown role', { ROLE: 'web' }, /ROLE is "web".*all, api, worker/],
    ['a URL without a scheme', { SAAS_API_URL: 'api.example.com' }, /absolute URL/],
    ['a URL with a query', { SAAS_API_URL: 'https://api.example.com?x=1' }, /query/],
    [
      '{subdomain} in the wrong place',
      { SAAS_API_URL: 'https://api.example.com/{subdomain}' },
      /first label.*\/w\/\{subdomain\}/,
    ],
    ['{subdomain} in OAUTH_BASE_URL', { OAUTH_BASE_URL: 'https://{subdomain}.example.com' }, /must not hold/],
    [
      'many workspaces without OAUTH_BASE_URL',
      { SAAS_API_URL: 'https://api.example.com/w/{subdomain}' },
      /OAUTH_BASE_URL must be set/,
    ],
    [
      'a header prefix that is no name',
      { WEBHOOK_HEADER_PREFIX: 'My App' },
      /WEBHOOK_HEADER_PREFIX is "My App"/,
    ],
    ['two master keys', { MASTER_KEY: 'a', MASTER_KEY_FILE: 'b' }, /exclude each other/],
    [
      'PostgreSQL without a master key',
      { DATABASE_URL: 'postgres://localhost/x' },
      /master key must be given/,
    ],
    [
      'another database',
      { DATABASE_URL: 'mysql://u:secret@localhost/x', MASTER_KEY: 'a' },
      /must begin with postgres/,
    ],
    ['a role with the embedded database', { ROLE: 'worker' }, /embedded database serves one process/],
    [
      'stand-ins in production',
      { NODE_ENV: 'production', PROVIDER_ORIGINS: 'https://a.example=http://127.0.0.1:1' },
      /refused in production/,
    ],
  ])('refuses %s', (_name, env, problem) => {
    expect(problemsOf(env).join('\n')).toMatch(problem)
  })

  it('accepts the highest port and reports several problems at once', () => {
    expect(read({ PORT: '65535' }).port).toBe(65_535)
    expect(problemsOf({ PORT: 'x', ROLE: 'y', LOG_LEVEL: 'loud' })).toHaveLength(3)
  })

  it('never shows a database password', () => {
    expect(problemsOf({ DATABASE_URL: 'mysql://u:hunter2@localhost/x' }).join()).not.toContain('hunter2')
  })
})
