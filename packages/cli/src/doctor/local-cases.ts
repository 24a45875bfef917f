/** The cases of a definition on this machine. Each answers a complaint of the public troubleshooting page (specification 10.6). */

import { type Given, optionsWith } from '../local/given.ts'
import type { LocalApp } from '../local/load-app.ts'
import { localReport } from '../local/local-report.ts'
import { type SourceCall, sourceHere } from '../local/read-source-options.ts'
import { type ActionCall, actionHere } from '../local/run-action.ts'
import { type LocalOptions, withRuntime } from '../local/runtime.ts'
import { tryAccount } from '../local/try-account.ts'
import { adviceFor } from '../render/advice.ts'
import type { ReportedStep, RunReport } from '../run-report.ts'
import { credentialOrigins, swappedKeys } from './credential-origins.ts'
import { curlOf } from './curl.ts'
import type { Case, Diagnosis } from './diagnosis.ts'
import { LOCAL_WEBHOOK_CASES } from './local-webhook-cases.ts'

export interface LocalPatient {
  app: LocalApp
  given: Given
  options: LocalOptions
  action: ActionCall | undefined
  source: SourceCall | undefined
  /** Where relative paths begin. */
  directory: string
}

type Found = Omit<Diagnosis, 'name'>

/** Of all `[[key]]`s, where the value comes from. */
const credentials: Case<LocalPatient> = {
  name: 'credentials',
  examine({ app, given }) {
    const origins = credentialOrigins(app, given)
    if (origins.length === 0) return undefined
    const missing = origins.filter(({ isThere }) => !isThere)
    const swapped = swappedKeys({ ...given.stored?.credentials, ...given.credentials })
    return {
      verdict: missing.length > 0 ? 'broken' : swapped.length > 0 ? 'doubtful' : 'fine',
      what:
        missing.length > 0
          ? `${missing.map(({ key }) => key).join(', ')} has no value.`
          : 'Every credential that a request names has a value.',
      facts: origins.map(({ key, from }) => `[[${key}]] from ${from}`),
      next: [
        ...(missing.length > 0 ? [`miniapps connect ${app.argument}, or give it with --credential.`] : []),
        ...swapped.map((name) => `${name} begins as the other key does: key and secret may be swapped.`),
      ],
    }
  },
}

/** Whether the provider accepts the account. */
const account: Case<LocalPatient> = {
  name: 'account',
  async examine({ app, given, options }) {
    const { auth } = app.compiled
    const isTried = [auth.getToken, auth.testToken, auth.userDetails].some((step) => step !== undefined)
    const isGiven = Object.keys(given.credentials).length > 0 || given.stored !== undefined
    if (!isTried || !isGiven || auth.type === 'oauth2') return undefined
    return withRuntime(optionsWith(given, options), async (runtime) => {
      const startedAt = performance.now()
      const outcome = await tryAccount(app, given, runtime)
      const error = outcome.ok ? undefined : outcome.error
      const report = localReport(
        app,
        { connect: true },
        { steps: outcome.steps, error, startedAt, verbose: true },
      )
      return diagnosisOf(report, 'The provider accepts the account.')
    })
  },
}

const action: Case<LocalPatient> = {
  name: 'action',
  async examine({ app, given, options, action: call }) {
    if (!call) return undefined
    const { report } = await actionHere(app, call, { given, options })
    return diagnosisOf(report, `${call.action} runs.`)
  },
}

/** An empty dropdown: what dataPath, valueField and labelField find in the live answer. */
const dropdown: Case<LocalPatient> = {
  name: 'dropdown',
  async examine({ app, given, options, source: call }) {
    if (!call) return undefined
    const { report, found } = await sourceHere(app, call, { given, options })
    const diagnosis = diagnosisOf(report, `${call.source} has ${found?.length ?? 0} options.`)
    if (diagnosis.verdict === 'broken' || (found && found.length > 0)) return diagnosis
    const mapping = report.steps.at(-1)?.mapping ?? []
    const nothing = mapping.find(({ selected }) => selected === 'nothing')
    return {
      ...diagnosis,
      verdict: nothing ? 'broken' : 'doubtful',
      what: 'The dropdown is empty.',
      next: [
        nothing
          ? `Correct ${nothing.key}: "${nothing.rule}" finds nothing in the answer.`
          : 'The list itself is empty: the account has nothing to choose, or a parameter narrows it down.',
      ],
    }
  },
}

export const LOCAL_CASES: readonly Case<LocalPatient>[] = [
  credentials,
  account,
  action,
  dropdown,
  ...LOCAL_WEBHOOK_CASES,
]

function diagnosisOf(report: RunReport, fine: string): Found {
  const { steps, error } = report
  const last = steps.at(-1)
  const found = last ? mappingFacts(last) : []
  if (!error) return { verdict: 'fine', what: fine, facts: found, next: [] }
  const { turn, next } = adviceFor(error, report)
  const curl = last && curlOf(last)
  const { status } = last?.response ?? {}
  return {
    verdict: 'broken',
    what: error.message,
    facts: [
      `turn: ${turn}`,
      ...(last
        ? [`step ${last.name ?? last.index + 1}${status === undefined ? '' : `, answered ${status}`}`]
        : []),
      ...found,
      ...(curl === undefined ? [] : [curl]),
    ],
    next: [...next, ...strippedHeader(last)],
  }
}

const mappingFacts = ({ mapping = [] }: ReportedStep): string[] =>
  mapping.map(
    ({ key, rule, selected, value }) =>
      `${key} (${rule}): ${selected}${value === undefined ? '' : ` ${value}`}`,
  )

/** Whether a host took the header away cannot be seen from here, only that this would look the same. */
function strippedHeader(step: ReportedStep | undefined): string[] {
  const names = Object.keys(step?.request?.headers ?? {}).map((name) => name.toLowerCase())
  if (step?.response?.status !== 401 || !names.includes('authorization')) return []
  return [
    'Some hosts take the Authorization header away before the application sees it, which looks like this: where the API takes credentials as query parameters, try them there.',
  ]
}
