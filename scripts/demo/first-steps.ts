import { check, type Stage } from './stage.ts'

const CATALOG = ['github', 'linear', 'slack']

export async function signIn(stage: Stage): Promise<void> {
  const link = stage.app.ownerLink
  check(link !== undefined, 'a one-time link for the owner', link)
  const response = await fetch(link, { method: 'POST' })
  const answer = (await response.json()) as { accessToken: string; workspace: { subdomain: string } }
  check(response.status === 200 && typeof answer.accessToken === 'string', 'a token for the link', answer)
  stage.token = answer.accessToken
  stage.say('Traded the one-time link for a token', [`workspace: ${answer.workspace.subdomain}`])
  const again = await fetch(link, { method: 'POST' })
  check(again.status >= 400, 'the link to work once', again.status)
}

export async function lookAround(stage: Stage): Promise<void> {
  const { listMiniAppsGeneralInfo: apps } = await stage.graphql<{
    listMiniAppsGeneralInfo: { ns: string; title: string; version: string; installStatus: string }[]
  }>('{ listMiniAppsGeneralInfo { ns title version installStatus } }')
  check(
    CATALOG.every((ns) => apps.some((app) => app.ns === ns)),
    `${CATALOG.join(', ')} in the marketplace`,
    apps,
  )
  stage.say(
    'The marketplace',
    apps.map((app) => `${app.ns} ${app.version} — ${app.title} (${app.installStatus})`),
  )
  for (const ns of CATALOG) await stage.install(ns)
  stage.say(`Installed ${CATALOG.join(', ')}`)
}

export async function lookAtRuns(stage: Stage): Promise<void> {
  const { miniAppActionRuns } = await stage.graphql<{
    miniAppActionRuns: {
      data: { ns: string; action: string; status: string; errorCode: string | null; durationMs: number }[]
    }
  }>('{ miniAppActionRuns(first: 50) { data { ns action status errorCode durationMs } } }')
  const runs = miniAppActionRuns.data
  check(runs.length === stage.executions, `one record for each of ${stage.executions} executions`, runs)
  stage.say(
    'The run records',
    runs.map(
      (run) =>
        `${run.ns}.${run.action}: ${run.status}${run.errorCode ? ` (${run.errorCode})` : ''}, ${run.durationMs} ms`,
    ),
  )
  stage.print('')
}
