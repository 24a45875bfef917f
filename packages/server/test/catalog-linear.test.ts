/** The GraphQL of `catalog/linear`, read by a server that nobody of this project wrote. */
import { readFileSync } from 'node:fs'
import { compileDefinition, type Definition, type Effects, readOptions, runSteps } from 'miniapp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Providers, startProviders } from './providers.ts'

const file = new URL('../../../catalog/linear/miniapp.json', import.meta.url)
const compiled = compileDefinition(JSON.parse(readFileSync(file, 'utf8')) as Definition)
const OPTIONS = { deadlineMs: 10_000 }

let providers: Providers
beforeAll(async () => {
  providers = await startProviders()
})
afterAll(() => providers.close())

const effects: Effects = {
  async send({ method, url, headers, body }) {
    const { pathname } = new URL(url)
    const init = { method, headers, ...(body !== undefined && { body: body as BodyInit }) }
    const response = await fetch(providers.linear + pathname, init)
    const bytes = new Uint8Array(await response.arrayBuffer())
    return { status: response.status, headers: Object.fromEntries(response.headers), body: bytes, url }
  },
  runFunction: () => Promise.reject(new Error('The definition has no functions.')),
  now: () => Date.now(),
  random: () => 0.5,
  sleep: () => Promise.reject(new Error('Nothing here waits.')),
  uuid: () => crypto.randomUUID(),
}

function contextFor(input: Record<string, unknown>, credentials: Record<string, unknown> = {}) {
  const bags = {
    credentials: { accessToken: providers.seed.linear.token, ...credentials },
    metadata: {},
    userInput: { scope: 'read,write,admin' },
    config: {},
  }
  return {
    bags,
    input,
    system: { subdomain: 'acme' },
    allowedHosts: ['api.linear.app'],
    redact: (text: string) => text,
    functions: undefined,
  }
}

async function run(name: string, raw: Record<string, unknown>) {
  const action = compiled.actions.get(name)
  const coerced = action?.coerceInput(raw)
  if (!action || !coerced?.ok) throw new Error(`The input does not fit ${name}.`)
  const outcome = await runSteps(action.steps, contextFor(coerced.input), effects, OPTIONS)
  if (outcome.error) throw outcome.error
  return outcome.data
}

async function options(key: string, input: Record<string, unknown> = {}) {
  const source = compiled.sources.get(key)
  if (!source) throw new Error(`There is no source ${key}.`)
  const answer = await readOptions(source, contextFor(input), effects, OPTIONS)
  if (!answer.ok) throw answer.error
  return Object.fromEntries(answer.options.map(({ value, label }) => [label, value]))
}

describe('actions', () => {
  test('an issue is created, read, changed, labelled, discussed and archived', async () => {
    const { team, states, labels, users, project } = providers.seed.linear
    const created = await run('createIssue', {
      team: team.id,
      title: 'Wrong total',
      description: '20 % off "twice"',
      state: states['Backlog'],
      assignee: users['omar']?.id,
      priority: 1,
      labels: [labels['Bug']],
      project: project.id,
      dueDate: '2026-02-01',
    })
    expect(created).toMatchObject({
      title: 'Wrong total',
      description: '20 % off "twice"',
      state: 'Backlog',
      stateType: 'backlog',
      priority: 'Urgent',
      assignee: 'Omar Khayyam',
      team: team.name,
      project: project.name,
      labels: ['Bug'],
      dueDate: '2026-02-01',
      completedAt: null,
    })
    const issue = created['identifier']
    expect(await run('getIssue', { issue })).toEqual(created)
    expect(await run('updateIssue', { issue, state: states['Done'] })).toMatchObject({
      title: 'Wrong total',
      state: 'Done',
      completedAt: expect.any(String),
    })
    expect(await run('addLabel', { issue, label: labels['Customer report'] })).toEqual({
      identifier: issue,
      labels: ['Bug', 'Customer report'],
    })
    expect(await run('removeLabel', { issue, label: labels['Bug'] })).toMatchObject({
      labels: ['Customer report'],
    })
    expect(await run('addComment', { issue, body: 'On its way.' })).toMatchObject({
      body: 'On its way.',
      author: 'Ada Lovelace',
    })
    expect(await run('listComments', { issue })).toMatchObject({
      comments: [{ body: 'On its way.' }],
      hasMore: false,
    })
    expect(await run('archiveIssue', { issue })).toMatchObject({ archivedAt: expect.any(String) })
  })

  test('the issues of a team are listed page by page', async () => {
    const { team, issue } = providers.seed.linear
    const first = await run('listIssues', { team: team.id, limit: 1 })
    expect(first).toMatchObject({ issues: [{ identifier: expect.any(String), state: expect.any(String) }] })
    const all = await run('listIssues', { team: team.id })
    expect(all['issues']).toEqual(expect.arrayContaining([expect.objectContaining(issue)]))
    expect(all['hasMore']).toBe(false)
  })

  test('a person is found by e-mail address, and nobody is no success', async () => {
    expect(await run('findUserByEmail', { email: 'ada@example.com' })).toMatchObject({
      id: providers.seed.linear.users['ada']?.id,
    })
    await expect(run('findUserByEmail', { email: 'x@example.com' })).rejects.toThrow('refused')
    await expect(run('getIssue', { issue: 'SHOP-999' })).rejects.toThrow('refused')
    await expect(run('addComment', { issue: 'SHOP-999', body: 'x' })).rejects.toThrow('not found')
  })
})

test('sources offer teams, people, issues, states and projects', async () => {
  const { team, states, users, project, issue } = providers.seed.linear
  expect(await options('rpc_teams')).toMatchObject({ [team.name]: team.id })
  expect(await options('rpc_users')).toMatchObject({ 'Omar Khayyam': users['omar']?.id })
  expect(await options('rpc_issues')).toMatchObject({ [issue.title]: issue.identifier })
  expect(await options('rpc_states', { team: team.id })).toEqual(states)
  expect(await options('rpc_issue_states', { issue: issue.identifier })).toEqual(states)
  expect(await options('rpc_projects', { team: team.id })).toEqual({ [project.name]: project.id })
  expect(await options('rpc_issue_projects', { issue: issue.identifier })).toEqual({
    [project.name]: project.id,
  })
})

test('the account is identified, and a webhook is registered and removed', async () => {
  const { users, organization, token } = providers.seed.linear
  const auth = compiled.auth
  const known = {
    authValues: { webhookUrl: 'https://platform.example/hook', webhookSecret: 'secret' },
    isAuthRequest: true,
  }
  const webhooks = async () => {
    const response = await fetch(`${providers.linear}/graphql`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ query: '{ webhooks { nodes { id url secret resourceTypes } } }' }),
    })
    return (await response.json()).data.webhooks.nodes
  }
  if (!auth.userDetails) throw new Error('There is no userDetails.')
  const who = await runSteps([auth.userDetails], { ...contextFor({}), ...known }, effects, OPTIONS)
  expect(who.data).toMatchObject({ uid: users['ada']?.id, workspaceName: organization.name })
  const made = await runSteps(auth.registrationRequests, { ...contextFor({}), ...known }, effects, OPTIONS)
  expect(await webhooks()).toEqual([
    {
      id: made.data['webhookId'],
      url: 'https://platform.example/hook',
      secret: 'secret',
      resourceTypes: expect.arrayContaining(['Issue', 'Comment']),
    },
  ])
  const context = { ...contextFor({}, made.data), ...known }
  const gone = await runSteps(auth.unregistrationRequests, context, effects, OPTIONS)
  expect(gone.error).toBeUndefined()
  expect(await webhooks()).toEqual([])
})
