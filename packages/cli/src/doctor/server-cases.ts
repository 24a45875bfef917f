/** The cases of an app on a server, as a workspace sees it (specification 10.6). */
import type { Definition, ErrorDetails } from 'miniapp'
import { CliError } from '../cli-error.ts'
import type { ReportedStep } from '../run-report.ts'
import { graphql } from '../server/graphql.ts'
import { readDefinitionThere } from '../server/read-definition.ts'
import { reportedFailure } from '../server/reported-failure.ts'
import type { AnsweredError } from '../server/server-report.ts'
import type { Session } from '../server/session.ts'
import { curlOf } from './curl.ts'
import type { Case } from './diagnosis.ts'
import { WEBHOOK_CASES } from './webhook-cases.ts'

export interface ServerPatient {
  session: Session
  ns: string
  app: ListedApp | undefined
  failures: readonly FailedRun[]
  /** Of the version that the workspace sees; absent where it sees none. */
  definition: Definition | undefined
  /** A dropdown to read, for real. */
  source: { key: string; params: Record<string, string> } | undefined
}

interface ListedApp {
  ns: string
  version: string
  status: string
  installStatus: string
  auth: { isAuthenticated: boolean | null; state: string | null; errorCode: string | null } | null
}

export interface FailedRun {
  _id: string
  createdAt: string
  version: string
  action: string
  requestId: string | null
  record: { steps?: ReportedStep[]; error?: AnsweredError | null } | null
}

const APPS = `query {
  listMiniAppsGeneralInfo { ns version status installStatus auth { isAuthenticated state errorCode } }
}`
const FAILURES = `query ($ns: String) {
  miniAppActionRuns(ns: $ns, status: "failed", first: 3) { data { _id } }
}`
const RUN = `query ($id: String!) {
  miniAppActionRun(_id: $id) { _id createdAt version action requestId record }
}`
const TICKET = 'mutation ($ns: String!) { miniAppOauthTicket(ns: $ns) }'

/** @throws CliError where the server cannot be reached, or the token may not look */
export async function readPatient(
  session: Session,
  ns: string,
  source: ServerPatient['source'],
): Promise<ServerPatient> {
  const [{ listMiniAppsGeneralInfo: apps }, { miniAppActionRuns: runs }] = await Promise.all([
    graphql<{ listMiniAppsGeneralInfo: ListedApp[] }>(session, APPS, {}),
    graphql<{ miniAppActionRuns: { data: { _id: string }[] } }>(session, FAILURES, { ns }),
  ])
  const found = await Promise.all(
    runs.data.map(({ _id }) => graphql<{ miniAppActionRun: FailedRun }>(session, RUN, { id: _id })),
  )
  const app = apps.find((one) => one.ns === ns)
  return {
    session,
    ns,
    app,
    definition: app && (await readDefinitionThere(session, ns)),
    source,
    failures: found.map(({ miniAppActionRun: run }) => run),
  }
}

/** An app that nobody finds. */
const visibility: Case<ServerPatient> = {
  name: 'visible',
  examine({ app, ns }) {
    if (!app) {
      return {
        verdict: 'broken',
        what: `The workspace sees no app "${ns}".`,
        facts: [],
        next: [
          'An app is seen where its status is public, or private and this workspace may use it.',
          'miniapps admin app register FILE publishes a definition; its "ns" and "status" decide.',
        ],
      }
    }
    return {
      verdict: 'fine',
      what: `The workspace sees ${ns} ${app.version}.`,
      facts: [`status ${app.status}`, app.installStatus === 'installed' ? 'installed' : 'not installed'],
      next: app.installStatus === 'installed' ? [] : [`miniapps admin app install ${ns}`],
    }
  },
}

const connection: Case<ServerPatient> = {
  name: 'connection',
  examine({ app, ns }) {
    if (app?.installStatus !== 'installed') return undefined
    const { isAuthenticated, state, errorCode } = app.auth ?? {}
    const facts = [`state ${state ?? 'none'}`, ...(errorCode ? [errorCode] : [])]
    if (isAuthenticated && !errorCode)
      return { verdict: 'fine', what: 'An account is connected.', facts, next: [] }
    return {
      verdict: 'broken',
      what: errorCode ? `The connection is in the state ${errorCode}.` : 'No account is connected.',
      facts,
      next: [`miniapps admin app connect ${ns}`],
    }
  },
}

/** Providers compare redirect URIs as text: this is the one that is sent, to be registered there to the letter. */
const redirectUri: Case<ServerPatient> = {
  name: 'redirect URI',
  async examine({ session, ns, app }) {
    if (app?.installStatus !== 'installed') return undefined
    try {
      const { miniAppOauthTicket: ticket } = await graphql<{ miniAppOauthTicket: { url: string } }>(
        session,
        TICKET,
        { ns },
      )
      const answer = await fetch(ticket.url, { redirect: 'manual' })
      const location = URL.parse(answer.headers.get('location') ?? '')
      const uri = location?.searchParams.get('redirect_uri')
      if (!location || !uri) return undefined
      return {
        verdict: 'doubtful',
        what: `The provider has to know the redirect URI ${uri} to the letter.`,
        facts: [`asked at ${location.origin}${location.pathname}`],
        next: [
          'Compare it with what is registered there: scheme, port, case and a slash at the end count. OAUTH_BASE_URL decides how it begins.',
        ],
      }
    } catch (error) {
      // An app without OAuth, or a token that may not connect: there is nothing to compare.
      if (error instanceof CliError || error instanceof TypeError) return undefined
      throw error
    }
  },
}

/** What the last runs that failed say of themselves. */
const failures: Case<ServerPatient> = {
  name: 'failed runs',
  examine({ failures: runs }) {
    const [last] = runs
    const error = last?.record?.error
    if (!last || !error) return undefined
    const { explanation } = error.details as { explanation?: { party: string; what: string; next: string } }
    const step = last.record?.steps?.at(-1)
    const curl = step && curlOf(step)
    return {
      verdict: 'broken',
      what: `${last.action} failed: ${error.message}`,
      facts: [
        ...(explanation ? [`turn: ${explanation.party}`] : []),
        `at ${last.createdAt}, version ${last.version}, request ${last.requestId ?? '–'}`,
        ...(curl === undefined ? [] : [curl]),
      ],
      next: [...(explanation ? [explanation.next] : []), `miniapps admin run ${last._id} --verbose`],
    }
  },
}

const OPTIONS = `query ($ns: String!, $key: String!, $params: JSON) {
  miniAppsActionSources(miniAppNs: $ns, sourceKey: $key, params: $params)
}`

/** A dropdown, read with the account that is connected there. */
const dropdown: Case<ServerPatient> = {
  name: 'dropdown',
  async examine({ session, ns, definition, source: call }) {
    if (!call) return undefined
    const { dataPath, valueField, labelField } = definition?.source?.[call.key] ?? {}
    const facts = Object.entries({ dataPath, valueField, labelField }).flatMap(([name, path]) =>
      path === undefined ? [] : [`${name} ${path}`],
    )
    try {
      const { miniAppsActionSources: options } = await graphql<{ miniAppsActionSources: object[] }>(
        session,
        OPTIONS,
        { ns, ...call },
      )
      const isEmpty = options.length === 0
      return {
        verdict: isEmpty ? 'doubtful' : 'fine',
        what: isEmpty ? 'The dropdown is empty.' : `${call.key} has ${options.length} options.`,
        facts,
        next: isEmpty
          ? [
              'The account has nothing to choose there, a parameter narrows it down, or a path finds nothing.',
              `miniapps doctor DEFINITION --source ${call.key} shows what each path finds in the live answer.`,
            ]
          : [],
      }
    } catch (error) {
      const failure = reportedFailure(error)
      if (!failure) throw error
      const { explanation } = failure.details as ErrorDetails
      return {
        verdict: 'broken',
        what: failure.message,
        facts: [...(explanation ? [`turn: ${explanation.party}`] : []), ...facts],
        next: explanation ? [explanation.next] : [],
      }
    }
  },
}

export const SERVER_CASES: readonly Case<ServerPatient>[] = [
  visibility,
  connection,
  redirectUri,
  failures,
  dropdown,
  ...WEBHOOK_CASES,
]
