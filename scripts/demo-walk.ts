/**
 * The walk of `npm run demo`, also run by the tests: a fresh platform, provider stand-ins that this project did not
 * write, and a newcomer's first quarter of an hour over the public API, each step checked.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type App, startApp } from '../packages/server/src/app.ts'
import { readConfig } from '../packages/server/src/config.ts'
import { silentLog } from '../packages/server/src/log.ts'
import { type Providers, startProviders } from '../packages/server/test/providers.ts'

const catalogDir = resolve(import.meta.dirname, '../catalog')

export interface DemoOptions {
  print: (line: string) => void
  /** Settings besides those of the walk, such as `DATABASE_URL`; without it a fresh embedded database is used. */
  env?: Record<string, string>
}

type Json = Record<string, unknown>

/** What an action, or an attempt to connect, answers. */
interface Outcome {
  success: boolean
  data: Json | null
  error: { code: string; message: string; retryable: boolean; details: Json } | null
}

/** A step whose outcome is not what it should be. */
export class DemoError extends Error {
  constructor(expectation: string, got: unknown) {
    super(`Expected ${expectation}; got ${JSON.stringify(got)}`)
    this.name = 'DemoError'
  }
}

function check(condition: boolean, expectation: string, got: unknown): void {
  if (!condition) throw new DemoError(expectation, got)
}

/** Starts everything, walks, and ends everything again, whatever happened. @throws DemoError at the first surprise */
export async function runDemo(options: DemoOptions): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'miniapps-demo-'))
  const providers = await startProviders()
  let app: App | undefined
  try {
    const env = {
      PORT: '0',
      DATA_DIR: directory,
      PROVIDER_ORIGINS: providers.providerOrigins,
      ...options.env,
    }
    const config = readConfig(env, { terminal: false, workingDirectory: directory })
    app = await startApp(config, silentLog, { catalogDir })
    await new Walk(options.print, app, providers).run()
  } finally {
    await app?.close()
    await providers.close()
    await rm(directory, { recursive: true, force: true })
  }
}

class Walk {
  readonly #print: (line: string) => void
  readonly #app: App
  readonly #providers: Providers
  #token = ''

  constructor(print: (line: string) => void, app: App, providers: Providers) {
    this.#print = print
    this.#app = app
    this.#providers = providers
  }

  async run(): Promise<void> {
    await this.#signIn()
    await this.#lookAround()
    await this.#runWithoutConnection()
    await this.#connectGithub()
    await this.#loadRepositories()
    await this.#createAndReadIssue()
    await this.#connectSlack()
    await this.#sendDirectMessage()
    await this.#sendWrongInput()
    await this.#meetProviderError()
    await this.#lookAtRuns()
  }

  #say(title: string, lines: (string | Json | unknown[])[] = []): void {
    this.#print(`\n● ${title}`)
    for (const line of lines) this.#print(`    ${typeof line === 'string' ? line : JSON.stringify(line)}`)
  }

  async #signIn(): Promise<void> {
    const link = this.#app.ownerLink
    check(link !== undefined, 'a one-time link for the owner', link)
    const response = await fetch(String(link), { method: 'POST' })
    const answer = (await response.json()) as { accessToken: string; workspace: { subdomain: string } }
    check(response.status === 200 && typeof answer.accessToken === 'string', 'a token for the link', answer)
    this.#token = answer.accessToken
    this.#say('Traded the one-time link for a token', [`workspace: ${answer.workspace.subdomain}`])
    const again = await fetch(String(link), { method: 'POST' })
    check(again.status >= 400, 'the link to work once', again.status)
  }

  async #lookAround(): Promise<void> {
    const { listMiniAppsGeneralInfo: apps } = await this.#graphql<{
      listMiniAppsGeneralInfo: { ns: string; title: string; version: string; installStatus: string }[]
    }>('{ listMiniAppsGeneralInfo { ns title version installStatus } }')
    check(
      ['github', 'slack'].every((ns) => apps.some((app) => app.ns === ns)),
      'github and slack in the marketplace',
      apps,
    )
    this.#say(
      'The marketplace',
      apps.map((app) => `${app.ns} ${app.version} — ${app.title} (${app.installStatus})`),
    )
    for (const ns of ['github', 'slack']) {
      await this.#graphql('mutation ($ns: String!) { installMiniApp(ns: $ns) }', { ns })
    }
    this.#say('Installed github and slack')
  }

  async #runWithoutConnection(): Promise<void> {
    const { repository, issue } = this.#providers.seed.github
    const outcome = await this.#execute('github', 'getIssue', { repository, issueNumber: issue.number })
    check(outcome.error?.code === 'NOT_CONFIGURED', 'NOT_CONFIGURED before connecting', outcome)
    this.#say('Ran an action without a connection', [explain(outcome)])
  }

  async #connectGithub(): Promise<void> {
    const { token, user } = this.#providers.seed.github
    const answer = await this.#connect('github', { accessToken: token })
    check(
      answer.status === 'connected' && answer.accountName === user.name,
      `github connected as ${user.name}`,
      answer,
    )
    this.#say('Connected GitHub with a token', [
      `connected as ${String(answer.accountName)} (uid ${String(answer.uid)})`,
    ])
  }

  async #loadRepositories(): Promise<void> {
    const { miniAppsActionSources: options } = await this.#graphql<{
      miniAppsActionSources: { value: string; label: string }[]
    }>('query ($ns: String!, $key: String!) { miniAppsActionSources(miniAppNs: $ns, sourceKey: $key) }', {
      ns: 'github',
      key: 'rpc_repositories',
    })
    const { repository } = this.#providers.seed.github
    check(
      options.some((option) => option.value === repository),
      `${repository} in the dropdown`,
      options,
    )
    this.#say(
      'Loaded the repository dropdown',
      options.map((option) => option.label),
    )
  }

  async #createAndReadIssue(): Promise<void> {
    const { repository, token } = this.#providers.seed.github
    const title = 'Order 1042 arrived without its coupon'
    const body =
      'Reported in a conversation: "it said 20 % off" — {{not a placeholder}} & <b>kept as written</b>.'
    const outcome = await this.#execute('github', 'createIssue', {
      repository,
      title,
      body,
      labels: 'bug,question',
    })
    check(outcome.success && typeof outcome.data?.number === 'number', 'a created issue', outcome)
    this.#say('Created an issue', [pick(outcome.data, ['number', 'title', 'url', 'labels'])])
    const response = await fetch(
      `${this.#providers.github}/repos/${repository}/issues/${String(outcome.data?.number)}`,
      {
        headers: { Authorization: `Bearer ${token}` },
      },
    )
    const stored = (await response.json()) as { title: string; body: string; labels: { name: string }[] }
    const labels = stored.labels.map((label) => label.name).sort()
    check(stored.title === title && stored.body === body, 'title and body unchanged at the provider', stored)
    check(labels.join() === 'bug,question', 'both labels at the provider', labels)
    this.#say('Read it back from the provider', [{ title: stored.title, body: stored.body, labels }])
  }

  async #connectSlack(): Promise<void> {
    const answer = await this.#connect('slack', { botToken: this.#providers.seed.slack.token })
    check(answer.status === 'connected', 'slack connected', answer)
    this.#say('Connected Slack', [`connected as ${String(answer.accountName)} (uid ${String(answer.uid)})`])
  }

  async #sendDirectMessage(): Promise<void> {
    const { users, token } = this.#providers.seed.slack
    const text = 'Order 1042: the coupon is on its way.'
    const outcome = await this.#execute('slack', 'sendDirectMessage', { user: users.omar?.id, text })
    check(outcome.success && typeof outcome.data?.channelId === 'string', 'a sent message', outcome)
    this.#say('Sent a direct message in two chained steps', [outcome.data ?? {}])
    const response = await fetch(`${this.#providers.slack}/api/conversations.history`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ channel: outcome.data?.channelId }),
    })
    const { messages = [] } = (await response.json()) as { messages?: { text: string }[] }
    check(
      messages.some((message) => message.text === text),
      'the message at the provider',
      messages,
    )
    this.#say(
      'Read it back from the provider',
      messages.map((message) => message.text),
    )
  }

  async #sendWrongInput(): Promise<void> {
    const outcome = await this.#execute('github', 'createIssue', {
      repository: this.#providers.seed.github.repository,
    })
    check(outcome.error?.code === 'VALIDATION_ERROR', 'VALIDATION_ERROR for a missing title', outcome)
    this.#say('Left out a required field', [explain(outcome), { fields: outcome.error?.details.fields }])
  }

  async #meetProviderError(): Promise<void> {
    const { repository } = this.#providers.seed.github
    const outcome = await this.#execute('github', 'getIssue', { repository, issueNumber: 99_999 })
    check(
      outcome.error?.code === 'EXTERNAL_API_ERROR' && outcome.error.details.status === 404,
      'the 404 of the provider',
      outcome,
    )
    this.#say('Asked for an issue that does not exist', [
      explain(outcome),
      pick(outcome.error?.details ?? {}, ['status', 'providerMessage', 'step']),
    ])
  }

  async #lookAtRuns(): Promise<void> {
    const { miniAppActionRuns } = await this.#graphql<{
      miniAppActionRuns: {
        data: { ns: string; action: string; status: string; errorCode: string | null; durationMs: number }[]
      }
    }>('{ miniAppActionRuns(first: 20) { data { ns action status errorCode durationMs } } }')
    const runs = miniAppActionRuns.data
    check(runs.length === 5, 'one record for each of the five executions', runs)
    this.#say(
      'The run records',
      runs.map(
        (run) =>
          `${run.ns}.${run.action}: ${run.status}${run.errorCode ? ` (${run.errorCode})` : ''}, ${run.durationMs} ms`,
      ),
    )
    this.#print('')
  }

  #connect(ns: string, credentials: Json): Promise<Json> {
    return this.#graphql<{ saveMiniAppCredentials: Json }>(
      'mutation ($ns: String!, $credentials: JSON!) { saveMiniAppCredentials(ns: $ns, credentials: $credentials) }',
      { ns, credentials },
    ).then((data) => data.saveMiniAppCredentials)
  }

  async #execute(appNs: string, actionName: string, formInput: Json): Promise<Outcome> {
    const data = await this.#graphql<{ executeMiniAppAction: Outcome }>(
      'mutation ($appNs: String!, $actionName: String!, $formInput: JSON) { executeMiniAppAction(appNs: $appNs, actionName: $actionName, formInput: $formInput) }',
      { appNs, actionName, formInput },
    )
    return data.executeMiniAppAction
  }

  async #graphql<T>(query: string, variables: Json = {}): Promise<T> {
    const response = await fetch(`${this.#app.listeningOn}/graphql`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'x-app-token': this.#token },
      body: JSON.stringify({ query, variables }),
    })
    const { data, errors } = (await response.json()) as {
      data?: T
      errors?: { message: string; extensions: Json }[]
    }
    if (errors?.[0]) throw new Error(`${String(errors[0].extensions.code)}: ${errors[0].message}`)
    return data as T
  }
}

function explain({ error }: Outcome): string {
  return `${error?.code}: ${error?.message}`
}

function pick(from: Json | null, names: string[]): Json {
  return Object.fromEntries(names.map((name) => [name, from?.[name]]))
}
