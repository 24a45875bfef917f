import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Providers, startProviders } from './providers.ts'

let providers: Providers
beforeAll(async () => {
  providers = await startProviders()
})
afterAll(() => providers.close())

async function callGithub(path: string) {
  const response = await fetch(`${providers.github}${path}`, {
    headers: { Authorization: `Bearer ${providers.seed.github.token}` },
  })
  return { status: response.status, body: await response.json() }
}

async function callSlack(method: string, token: string) {
  const response = await fetch(`${providers.slack}/api/${method}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}` },
  })
  return response.json()
}

describe('the GitHub stand-in', () => {
  test('knows the seeded user, repositories, labels, branches, milestone and issue', async () => {
    const { seed } = providers
    const repository = `/repos/${seed.github.repository}`
    expect((await callGithub('/user')).body).toMatchObject(seed.github.user)
    expect((await callGithub('/user/repos')).body).toMatchObject([
      { full_name: seed.github.privateRepository, private: true },
      { full_name: seed.github.repository, private: false },
    ])
    const names = async (path: string) =>
      (await callGithub(path)).body.map((entry: { name: string }) => entry.name)
    expect((await names(`${repository}/labels`)).sort()).toEqual([...seed.github.labels].sort())
    expect((await names(`${repository}/branches`)).sort()).toEqual([...seed.github.branches].sort())
    expect((await callGithub(`${repository}/milestones`)).body).toMatchObject([seed.github.milestone])
    expect((await callGithub(`${repository}/issues/${seed.github.issue.number}`)).body).toMatchObject(
      seed.github.issue,
    )
  })
})

describe('the Slack stand-in', () => {
  test('answers as the seeded bot, which is a member of the seeded channels alone', async () => {
    const { token, bot, team, channels } = providers.seed.slack
    expect(await callSlack('auth.test', token)).toMatchObject({
      ok: true,
      user_id: bot.userId,
      team_id: team.id,
    })
    const answer = await callSlack('conversations.list', token)
    const joined = answer.channels.filter((channel: { is_member: boolean }) => channel.is_member)
    expect(joined.map((channel: { name: string }) => channel.name).sort()).toEqual(['releases', 'support'])
    expect(Object.keys(channels).sort()).toEqual(['general', 'random', 'releases', 'support'])
  })

  test('refuses what a token has no scope for', async () => {
    expect(await callSlack('users.list', providers.seed.slack.postOnlyToken)).toMatchObject({
      ok: false,
      error: 'missing_scope',
      needed: 'users:read',
    })
  })
})

test('two sets of stand-ins share nothing, and a closed one refuses connections', async () => {
  const other = await startProviders()
  await fetch(`${other.github}/repos/${other.seed.github.repository}/issues`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${other.seed.github.token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ title: 'Only here' }),
  })
  expect((await callGithub(`/repos/${providers.seed.github.repository}/issues`)).body).toHaveLength(1)
  await other.close()
  await other.close()
  await expect(fetch(other.github)).rejects.toThrow()
  await expect(fetch(other.slack)).rejects.toThrow()
})
