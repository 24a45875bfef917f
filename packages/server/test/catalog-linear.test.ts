/** The GraphQL of `catalog/linear`, read by a server that nobody of this project wrote. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CatalogApp, openCatalogApp } from './catalog-app.ts'
import { type Providers, startProviders } from './providers.ts'

let providers: Providers
let linear: CatalogApp
beforeAll(async () => {
  providers = await startProviders()
  linear = await openCatalogApp('linear', {
    redirect: ({ pathname }) => providers.linear + pathname,
    credentials: { accessToken: providers.seed.linear.token },
    userInput: { scope: 'read,write,admin' },
  })
})
afterAll(() => providers.close())

describe('actions', () => {
  test('an issue is created, read, changed, labelled, discussed and archived', async () => {
    const { team, states, labels, users, project } = providers.seed.linear
    const created = await linear.run('createIssue', {
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
    expect(await linear.run('getIssue', { issue })).toEqual(created)
    expect(await linear.run('updateIssue', { issue, state: states['Done'] })).toMatchObject({
      title: 'Wrong total',
      state: 'Done',
      completedAt: expect.any(String),
    })
    expect(await linear.run('addLabel', { issue, label: labels['Customer report'] })).toEqual({
      identifier: issue,
      labels: ['Bug', 'Customer report'],
    })
    expect(await linear.run('removeLabel', { issue, label: labels['Bug'] })).toMatchObject({
      labels: ['Customer report'],
    })
    expect(await linear.run('addComment', { issue, body: 'On its way.' })).toMatchObject({
      body: 'On its way.',
      author: 'Ada Lovelace',
    })
    expect(await linear.run('listComments', { issue })).toMatchObject({
      comments: [{ body: 'On its way.' }],
      hasMore: false,
    })
    expect(await linear.run('archiveIssue', { issue })).toMatchObject({ archivedAt: expect.any(String) })
  })

  test('the issues of a team are listed page by page', async () => {
    const { team, issue } = providers.seed.linear
    const first = await linear.run('listIssues', { team: team.id, limit: 1 })
    expect(first).toMatchObject({ issues: [{ identifier: expect.any(String), state: expect.any(String) }] })
    const all = await linear.run('listIssues', { team: team.id })
    expect(all['issues']).toEqual(expect.arrayContaining([expect.objectContaining(issue)]))
    expect(all['hasMore']).toBe(false)
  })

  test('a person is found by e-mail address, and nobody is no success', async () => {
    expect(await linear.run('findUserByEmail', { email: 'ada@example.com' })).toMatchObject({
      id: providers.seed.linear.users['ada']?.id,
    })
    await expect(linear.run('findUserByEmail', { email: 'x@example.com' })).rejects.toThrow('refused')
    await expect(linear.run('getIssue', { issue: 'SHOP-999' })).rejects.toThrow('refused')
    await expect(linear.run('addComment', { issue: 'SHOP-999', body: 'x' })).rejects.toThrow('not found')
  })
})

test('sources offer teams, people, issues, states and projects', async () => {
  const { team, states, users, project, issue } = providers.seed.linear
  expect(await linear.options('rpc_teams')).toMatchObject({ [team.name]: team.id })
  expect(await linear.options('rpc_users')).toMatchObject({ 'Omar Khayyam': users['omar']?.id })
  expect(await linear.options('rpc_issues')).toMatchObject({ [issue.title]: issue.identifier })
  expect(await linear.options('rpc_states', { team: team.id })).toEqual(states)
  expect(await linear.options('rpc_issue_states', { issue: issue.identifier })).toEqual(states)
  expect(await linear.options('rpc_projects', { team: team.id })).toEqual({ [project.name]: project.id })
  expect(await linear.options('rpc_issue_projects', { issue: issue.identifier })).toEqual({
    [project.name]: project.id,
  })
})

test('the account is identified, and a webhook is registered and removed', async () => {
  const { users, organization, token } = providers.seed.linear
  const { auth } = linear
  const known = { webhookUrl: 'https://platform.example/hook', webhookSecret: 'secret' }
  const webhooks = async () => {
    const response = await fetch(`${providers.linear}/graphql`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ query: '{ webhooks { nodes { id url secret resourceTypes } } }' }),
    })
    return (await response.json()).data.webhooks.nodes
  }
  const who = await linear.authenticate([auth.userDetails], known)
  expect(who).toMatchObject({ uid: users['ada']?.id, workspaceName: organization.name })
  const made = await linear.authenticate(auth.registrationRequests, known)
  expect(await webhooks()).toEqual([
    {
      id: made['webhookId'],
      url: 'https://platform.example/hook',
      secret: 'secret',
      resourceTypes: expect.arrayContaining(['Issue', 'Comment']),
    },
  ])
  await linear.authenticate(auth.unregistrationRequests, known, made)
  expect(await webhooks()).toEqual([])
})
