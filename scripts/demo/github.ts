import { check, explain, pick, type Stage } from './stage.ts'

export async function runWithoutConnection(stage: Stage): Promise<void> {
  const { repository, issue } = stage.providers.seed.github
  const outcome = await stage.execute('github', 'getIssue', { repository, issueNumber: issue.number })
  check(outcome.error?.code === 'NOT_CONFIGURED', 'NOT_CONFIGURED before connecting', outcome)
  stage.say('Ran an action without a connection', [explain(outcome)])
}

/** The webhooks of the repository, as GitHub lists them. */
async function hooksAt(stage: Stage): Promise<{ events: string[]; config: { url: string } }[]> {
  return ask(stage, `/repos/${stage.providers.seed.github.repository}/hooks`)
}

async function ask<T>({ providers }: Stage, path: string): Promise<T> {
  const headers = { Authorization: `Bearer ${providers.seed.github.token}` }
  const response = await fetch(`${providers.github}${path}`, { headers })
  return (await response.json()) as T
}

export async function connectGithub(stage: Stage): Promise<void> {
  const { token, user, repository } = stage.providers.seed.github
  const answer = await stage.connect('github', { accessToken: token, webhookRepository: repository })
  check(
    answer.status === 'connected' && answer.accountName === user.name,
    `github connected as ${user.name}`,
    answer,
  )
  stage.say('Connected GitHub with a token', [
    `connected as ${String(answer.accountName)} (uid ${String(answer.uid)})`,
  ])
  const hooks = await hooksAt(stage)
  check(hooks.length === 1, `one webhook of ${repository} at the provider`, hooks)
  stage.say(
    'The provider has the webhook that was registered',
    hooks.map(({ config, events }) => `${repository} → ${config.url} (${events.join(', ')})`),
  )
}

export async function loadRepositories(stage: Stage): Promise<void> {
  const options = await stage.loadOptions('github', 'rpc_repositories')
  const { repository } = stage.providers.seed.github
  check(
    options.some((option) => option.value === repository),
    `${repository} in the dropdown`,
    options,
  )
  stage.say(
    'Loaded the repository dropdown',
    options.map((option) => option.label),
  )
}

export async function createAndReadIssue(stage: Stage): Promise<void> {
  const { repository } = stage.providers.seed.github
  const title = 'Order 1042 arrived without its coupon'
  const body =
    'Reported in a conversation: "it said 20 % off" — {{not a placeholder}} & <b>kept as written</b>.'
  const outcome = await stage.execute('github', 'createIssue', {
    repository,
    title,
    body,
    labels: 'bug,question',
  })
  check(outcome.success && typeof outcome.data?.number === 'number', 'a created issue', outcome)
  stage.say('Created an issue', [pick(outcome.data, ['number', 'title', 'url', 'labels'])])
  const stored = await ask<{ title: string; body: string; labels: { name: string }[] }>(
    stage,
    `/repos/${repository}/issues/${String(outcome.data?.number)}`,
  )
  const labels = stored.labels.map((label) => label.name).sort()
  check(stored.title === title && stored.body === body, 'title and body unchanged at the provider', stored)
  check(labels.join() === 'bug,question', 'both labels at the provider', labels)
  stage.say('Read it back from the provider', [{ title: stored.title, body: stored.body, labels }])
}

export async function sendWrongInput(stage: Stage): Promise<void> {
  const { repository } = stage.providers.seed.github
  const outcome = await stage.execute('github', 'createIssue', { repository })
  check(outcome.error?.code === 'VALIDATION_ERROR', 'VALIDATION_ERROR for a missing title', outcome)
  stage.say('Left out a required field', [explain(outcome), { fields: outcome.error?.details.fields }])
}

export async function meetProviderError(stage: Stage): Promise<void> {
  const { repository } = stage.providers.seed.github
  const outcome = await stage.execute('github', 'getIssue', { repository, issueNumber: 99_999 })
  check(
    outcome.error?.code === 'EXTERNAL_API_ERROR' && outcome.error.details.status === 404,
    'the 404 of the provider',
    outcome,
  )
  stage.say('Asked for an issue that does not exist', [
    explain(outcome),
    pick(outcome.error?.details ?? {}, ['status', 'providerMessage', 'step']),
  ])
}

export async function disconnectGithub(stage: Stage): Promise<void> {
  await stage.disconnect('github')
  const { state } = await stage.connectionOf('github')
  check(state === 'installed', 'github installed and no longer connected', state)
  const hooks = await hooksAt(stage)
  check(hooks.length === 0, 'no webhook at the provider', hooks)
  stage.say('Disconnected GitHub', ['the webhook is gone at the provider'])
}
