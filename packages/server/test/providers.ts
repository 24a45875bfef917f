/**
 * Stand-ins for GitHub and Slack: the npm package `emulate`, which nobody of this project wrote, on free ports of
 * 127.0.0.1, each with a small world of its own. Used by walks in tests and by `npm run demo`.
 *
 * The stand-ins keep everything in memory and write no file; two calls share nothing.
 */
import { createEmulator, type Emulator, type SeedConfig } from 'emulate'

const GITHUB_TOKEN = 'github_pat_stand_in'
const SLACK_TOKEN = 'xoxb-stand-in'
/** A bot that may post and nothing else: every other method answers `missing_scope`. */
const SLACK_POST_ONLY_TOKEN = 'xoxb-stand-in-post-only'

const GITHUB_USER = { login: 'ada', name: 'Ada Lovelace', email: 'ada@example.com' }
const REPOSITORY = 'ada/storefront'
const PRIVATE_REPOSITORY = 'ada/ledger'
const LABELS = [
  { name: 'bug', color: 'd73a4a', description: 'Something is not working' },
  { name: 'customer report', color: '0075ca', description: 'Came in through a conversation' },
  { name: 'question', color: 'd876e3', description: 'Further information is requested' },
] as const
const BRANCH = 'checkout-fix'
const MILESTONE = 'Autumn release'
const ISSUE = {
  title: 'The cart loses its coupon',
  body: 'A customer wrote that the coupon is gone after signing in.',
}

const SLACK_USERS = [
  { name: 'ada', real_name: 'Ada Lovelace', email: 'ada@example.com', is_admin: true },
  { name: 'omar', real_name: 'Omar Khayyam', email: 'omar@example.com' },
] as const
const SLACK_CHANNELS = ['support', 'releases'] as const
const BOT = {
  app_id: 'A0MINIAPPS',
  bot_id: 'B0MINIAPPS',
  bot_user_id: 'U0MINIAPPS',
  bot_name: 'miniapps',
} as const

export interface Providers {
  /** Origin of the GitHub stand-in, such as `http://127.0.0.1:40123`; stands for `https://api.github.com`. */
  github: string
  /** Origin of the Slack stand-in; stands for `https://slack.com`. */
  slack: string
  /** The two mappings in the form of the setting `PROVIDER_ORIGINS`. */
  providerOrigins: string
  seed: ProviderSeed
  /** Ends both servers and drops what they hold. May be called more than once. */
  close(): Promise<void>
}

export interface ProviderSeed {
  github: {
    token: string
    user: { login: string; name: string }
    /** Public, `owner/name`; has the labels, milestone, branches and issue below, and a README.md. */
    repository: string
    privateRepository: string
    labels: string[]
    branches: string[]
    milestone: { number: number; title: string }
    issue: { number: number; title: string }
  }
  slack: {
    token: string
    /** May only post messages: `users.list` and the like answer `missing_scope`. */
    postOnlyToken: string
    team: { id: string; name: string }
    bot: { userId: string; name: string }
    /** By name: `ada`, `omar`. */
    users: Record<string, { id: string; realName: string; email: string }>
    /** By name: `support`, `releases` (the bot is a member), and `general`, `random` (it is not). */
    channels: Record<string, { id: string }>
  }
}

/** Starts and seeds both stand-ins. Rejects, with nothing left running, when one of them does not start. */
export async function startProviders(): Promise<Providers> {
  const running: Emulator[] = []
  const close = async () => {
    await Promise.all(running.map((emulator) => emulator.close()))
  }
  try {
    const github = await start('github', githubSeed(), running)
    const slack = await start('slack', slackSeed(), running)
    return {
      github,
      slack,
      providerOrigins: `https://api.github.com=${github},https://slack.com=${slack}`,
      seed: { github: await fillGithub(github), slack: await fillSlack(slack) },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function start(service: 'github' | 'slack', seed: SeedConfig, running: Emulator[]): Promise<string> {
  const emulator = await createEmulator({ service, port: 0, hostname: '127.0.0.1', seed })
  running.push(emulator)
  const { hostname, port } = new URL(emulator.url)
  if (hostname !== 'localhost' || port === '') {
    throw new Error(
      `The ${service} stand-in calls itself ${emulator.url}; unset EMULATE_BASE_URL and PORTLESS_URL.`,
    )
  }
  return `http://127.0.0.1:${port}`
}

function githubSeed(): SeedConfig {
  const [owner, name] = REPOSITORY.split('/')
  const [, privateName] = PRIVATE_REPOSITORY.split('/')
  return {
    tokens: { [GITHUB_TOKEN]: { login: GITHUB_USER.login, scopes: ['repo', 'user', 'workflow'] } },
    github: {
      users: [GITHUB_USER],
      repos: [
        { owner, name, description: 'The shop that customers see', language: 'TypeScript' },
        { owner, name: privateName, description: 'The books', private: true },
      ],
    },
  }
}

function slackSeed(): SeedConfig {
  const token = {
    type: 'bot',
    user_id: BOT.bot_user_id,
    bot_id: BOT.bot_id,
    bot_user_id: BOT.bot_user_id,
    app_id: BOT.app_id,
  }
  return {
    tokens: {},
    slack: {
      team: { name: 'Storefront', domain: 'storefront' },
      users: SLACK_USERS,
      channels: SLACK_CHANNELS.map((name) => ({ name, topic: '' })),
      oauth_apps: [
        { ...BOT, client_id: '1.2', client_secret: 'unused', name: 'MiniApps', redirect_uris: [] },
      ],
      tokens: [
        { ...token, token: SLACK_TOKEN },
        { ...token, token: SLACK_POST_ONLY_TOKEN, scopes: ['chat:write'] },
      ],
      strict_scopes: true,
    },
  }
}

/** Adds what the seed of the stand-in has no words for, over its own HTTP interface. */
async function fillGithub(origin: string): Promise<ProviderSeed['github']> {
  const repository = `${origin}/repos/${REPOSITORY}`
  const call = (method: string, url: string, body?: unknown) =>
    callJson({ method, url, token: GITHUB_TOKEN, body })
  for (const label of LABELS) await call('POST', `${repository}/labels`, label)
  const main = await call('GET', `${repository}/git/ref/heads/main`)
  await call('POST', `${repository}/git/refs`, {
    ref: `refs/heads/${BRANCH}`,
    sha: (main.object as Json).sha,
  })
  const milestone = await call('POST', `${repository}/milestones`, { title: MILESTONE })
  const issue = await call('POST', `${repository}/issues`, { ...ISSUE, labels: ['customer report'] })
  return {
    token: GITHUB_TOKEN,
    user: { login: GITHUB_USER.login, name: GITHUB_USER.name },
    repository: REPOSITORY,
    privateRepository: PRIVATE_REPOSITORY,
    labels: LABELS.map((label) => label.name),
    branches: ['main', BRANCH],
    milestone: { number: milestone.number as number, title: MILESTONE },
    issue: { number: issue.number as number, title: ISSUE.title },
  }
}

async function fillSlack(origin: string): Promise<ProviderSeed['slack']> {
  const call = async (method: string, body: unknown = {}) => {
    const answer = await callJson({
      method: 'POST',
      url: `${origin}/api/${method}`,
      token: SLACK_TOKEN,
      body,
    })
    if (answer.ok !== true) throw new Error(`The Slack stand-in refused ${method}: ${String(answer.error)}`)
    return answer
  }
  const team = await call('auth.test')
  const { channels } = (await call('conversations.list')) as {
    channels: { id: string; name: string }[]
  } & Json
  for (const { id, name } of channels) {
    if ((SLACK_CHANNELS as readonly string[]).includes(name))
      await call('conversations.join', { channel: id })
  }
  const { members } = (await call('users.list')) as { members: { id: string; name: string }[] } & Json
  const users = SLACK_USERS.map(({ name, real_name, email }) => {
    const member = members.find((candidate) => candidate.name === name)
    if (!member) throw new Error(`The Slack stand-in did not take the user ${name}.`)
    return [name, { id: member.id, realName: real_name, email }] as const
  })
  return {
    token: SLACK_TOKEN,
    postOnlyToken: SLACK_POST_ONLY_TOKEN,
    team: { id: team.team_id as string, name: team.team as string },
    bot: { userId: BOT.bot_user_id, name: BOT.bot_name },
    users: Object.fromEntries(users),
    channels: Object.fromEntries(channels.map(({ id, name }) => [name, { id }])),
  }
}

type Json = Record<string, unknown>

async function callJson(request: {
  method: string
  url: string
  token: string
  body?: unknown
}): Promise<Json> {
  const response = await fetch(request.url, {
    method: request.method,
    headers: { Authorization: `Bearer ${request.token}`, 'Content-Type': 'application/json' },
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${request.method} ${request.url} answered ${response.status}: ${text}`)
  return JSON.parse(text) as Json
}
