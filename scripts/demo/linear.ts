import { authorize } from './authorize.ts'
import { check, explain, type Json, pick, type Stage } from './stage.ts'

/** What Linear knows, asked from outside the platform. */
async function ask<T>({ providers }: Stage, query: string, variables: Json = {}): Promise<T> {
  const response = await fetch(`${providers.linear}/graphql`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${providers.seed.linear.token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  })
  return ((await response.json()) as { data: T }).data
}

async function webhooksAt(stage: Stage): Promise<{ url: string; resourceTypes: string[] }[]> {
  const query = '{ webhooks { nodes { url resourceTypes } } }'
  return (await ask<{ webhooks: { nodes: { url: string; resourceTypes: string[] }[] } }>(stage, query))
    .webhooks.nodes
}

/** The operator's part: the OAuth client stands in the platform's own config, not in the definition. */
export async function giveLinearItsClient(stage: Stage): Promise<void> {
  const { clientId, clientSecret } = stage.providers.seed.linear.app
  const { setMiniAppConfig: keys } = await stage.graphql<{ setMiniAppConfig: unknown }>(
    'mutation ($config: JSON!) { setMiniAppConfig(ns: "linear", config: $config) }',
    { config: { client_id: clientId, client_secret: clientSecret } },
  )
  stage.say('Gave Linear its OAuth client, as the operator', [{ keys }])
}

export async function connectLinear(stage: Stage): Promise<void> {
  const { users } = stage.providers.seed.linear
  const { way, end } = await authorize(stage, {
    ns: 'linear',
    credentials: { scope: 'read,write,admin' },
    consent: { button: String(users.ada?.email) },
  })
  check(
    way.some((address) => address.includes('code_challenge_method=S256')),
    'a redirect with a PKCE challenge',
    way,
  )
  const { state, accountName } = await stage.connectionOf('linear')
  check(state === 'connected' && accountName === users.ada?.name, `linear connected as ada`, {
    state,
    accountName,
  })
  stage.say('Connected Linear through OAuth with PKCE', [...way, end])
  const webhooks = await webhooksAt(stage)
  check(webhooks.length === 1, 'one webhook at the provider', webhooks)
  stage.say(
    'The provider has the webhook that was registered',
    webhooks.map(({ url, resourceTypes }) => `${url} (${resourceTypes.join(', ')})`),
  )
}

export async function createLinearIssue(stage: Stage): Promise<void> {
  const { team } = stage.providers.seed.linear
  const teams = await stage.loadOptions('linear', 'rpc_teams')
  check(
    teams.some(({ value }) => value === team.id),
    `the team ${team.name} in the dropdown`,
    teams,
  )
  const title = 'Refund order 1042'
  const outcome = await stage.execute('linear', 'createIssue', { team: team.id, title, priority: '2' })
  check(outcome.success, 'a created issue', explain(outcome))
  stage.say('Created an issue with a GraphQL mutation', [
    pick(outcome.data, ['identifier', 'title', 'state', 'priority', 'team']),
  ])
  const { issue } = await ask<{ issue: { title: string; creator: { name: string } } | null }>(
    stage,
    'query ($id: String!) { issue(id: $id) { title creator { name } } }',
    { id: outcome.data?.identifier },
  )
  check(issue?.title === title, 'the issue at the provider', issue)
  stage.say('Read it back from the provider', [issue])
}

export async function disconnectLinear(stage: Stage): Promise<void> {
  await stage.disconnect('linear')
  const webhooks = await webhooksAt(stage)
  check(webhooks.length === 0, 'no webhook at the provider', webhooks)
  stage.say('Disconnected Linear', ['the webhook is gone at the provider'])
}
