/** A real authorization server whose access tokens live for two seconds and whose refresh tokens rotate. */
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { authorize } from './authorize.ts'
import { check, explain, type Json, type Stage } from './stage.ts'

export const ACCESS_TOKEN_SECONDS = 2
const NS = 'identity'
const definition = new URL('./identity.json', import.meta.url)

export async function connectIdentity(stage: Stage): Promise<void> {
  const { clientId, clientSecret } = stage.identityProvider.clients.confidential
  const { registerMiniApp } = await stage.graphql<{ registerMiniApp: Json }>(
    'mutation ($definition: JSON!) { registerMiniApp(definition: $definition) }',
    { definition: JSON.parse(await readFile(definition, 'utf8')) },
  )
  await stage.install(NS)
  await stage.graphql('mutation ($config: JSON!) { setMiniAppConfig(ns: "identity", config: $config) }', {
    config: { client_id: clientId, client_secret: clientSecret },
  })
  stage.say('Registered a definition of our own', [`${NS} ${String(registerMiniApp.version)}`])
  const { way, end } = await authorize(stage, { ns: NS, consent: { button: 'Allow' } })
  stage.say('Connected it at a real authorization server', [...way, end])
}

interface Attempt {
  status?: number
}

/** What the newest run record of the demo's definition says about its only request. */
async function attemptsOfLastRun(stage: Stage): Promise<Attempt[]> {
  const { miniAppActionRuns } = await stage.graphql<{ miniAppActionRuns: { data: { _id: string }[] } }>(
    '{ miniAppActionRuns(ns: "identity", first: 1) { data { _id } } }',
  )
  const { miniAppActionRun } = await stage.graphql<{
    miniAppActionRun: { record: { steps: { attempts: Attempt[] }[] } }
  }>('query ($id: String!) { miniAppActionRun(_id: $id) { record } }', {
    id: miniAppActionRuns.data[0]?._id,
  })
  return miniAppActionRun.record.steps[0]?.attempts ?? []
}

export async function outliveItsToken(stage: Stage): Promise<void> {
  const first = await stage.execute(NS, 'whoAmI')
  check(first.success, 'an answer with the fresh token', first)
  stage.say('Asked who is signed in', [first.data ?? {}])

  await sleep(ACCESS_TOKEN_SECONDS * 1_000)
  const before = stage.identityProvider.requests.length
  const outcome = await stage.execute(NS, 'whoAmI')
  check(outcome.success, 'an answer after the token expired', outcome)
  const attempts = await attemptsOfLastRun(stage)
  check(attempts.map(({ status }) => status).join() === '401,200', 'a 401 and a repeated call', attempts)
  const seen = stage.identityProvider.requests.slice(before)
  stage.say(`Waited ${ACCESS_TOKEN_SECONDS} s, until the access token had expired, and asked again`, [
    `run record: ${attempts.map(({ status }, index) => `attempt ${index + 1}: ${status}`).join(', ')}`,
    ...seen.map(
      ({ method, path, grantType, status }) =>
        `the provider saw ${method} ${path}${grantType ? ` (${grantType})` : ''}: ${status}`,
    ),
    outcome.data ?? {},
  ])
  const refreshes = seen.filter(({ grantType }) => grantType === 'refresh_token')
  check(refreshes.length === 1, 'one refresh', seen)
}

export async function loseTheGrant(stage: Stage): Promise<void> {
  stage.identityProvider.revokeGrant()
  const outcome = await stage.execute(NS, 'whoAmI')
  check(outcome.error?.code === 'AUTH_EXPIRED', 'AUTH_EXPIRED after the grant was revoked', outcome)
  const { state, errorCode } = await stage.connectionOf(NS)
  check(state === 'error' && errorCode === 'AUTH_EXPIRED', 'a connection that says so', { state, errorCode })
  stage.say('Revoked the grant at the provider', [explain(outcome), `connection: ${state}, ${errorCode}`])

  const { end } = await authorize(stage, { ns: NS, consent: { button: 'Allow' } })
  const again = await stage.execute(NS, 'whoAmI')
  check(again.success, 'an answer after reconnecting', again)
  const now = await stage.connectionOf(NS)
  check(now.state === 'connected', 'a connection that works again', now)
  stage.say('Connected it again: the way back', [end, again.data ?? {}])
}
