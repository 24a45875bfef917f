import type { SeedConfig } from 'emulate'
import { callJson, type Json } from './call-json.ts'

const SLACK_TOKEN = 'xoxb-stand-in'
/** A bot that may post and nothing else: every other method answers `missing_scope`. */
const SLACK_POST_ONLY_TOKEN = 'xoxb-stand-in-post-only'

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

export interface SlackSeed {
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

export function slackSeed(): SeedConfig {
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

/** Joins the bot to its channels and learns the ids that the stand-in gave. */
export async function fillSlack(origin: string): Promise<SlackSeed> {
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
