/**
 * Whose turn it is after a failed run, and what they can do: what the interpreter or the server says, then the commands of
 * this program. On purpose free of imports at run time, so that commands against a server start fast.
 */
import type { ErrorCode, ErrorDetails, Party } from 'miniapp'
import { credentialVariable } from '../credentials.ts'
import type { ReportedError, RunReport } from '../run-report.ts'

export interface Advice {
  turn: string
  next: string[]
}

/** What this program can do about an error, besides what its explanation says. */
type Advise = (error: ReportedError, report: RunReport) => string[]

const connectCommand = ({ argument, here, formFields }: RunReport): string => {
  const command = here ? `miniapps connect ${argument}` : `miniapps admin app connect ${argument}`
  const fields = formFields.length > 0 || here ? formFields : ['KEY']
  return [command, ...fields.map((field) => `--credential ${field}=…`)].join(' ')
}

/** Details are JSON from a server or our own; nothing is taken for granted. */
const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []

const notConfigured: Advise = ({ details }, report) => {
  const [missing] = textsOf(details['missing'])
  const give =
    report.here && missing !== undefined
      ? [`Give it with --credential ${missing}=…, or as ${credentialVariable(missing)} in the environment.`]
      : []
  const connect = report.formFields.length > 0 || !report.here ? [connectCommand(report)] : []
  return [...give, ...connect]
}

const externalError: Advise = ({ details }, { here, steps, verbose }) => {
  if (details['failure'] === 'blocked') {
    return here
      ? ['Private addresses and http: are reached with --allow-private, a stand-in with --origin.']
      : []
  }
  return verbose || steps.length === 0
    ? []
    : ['--verbose shows the request, the answer and what the mapping found, without secrets.']
}

const invalid: Advise = ({ details }, report) => {
  if (details['fields'] === undefined) return []
  const next = {
    action: 'Inputs are given as --input key=value.',
    source: 'Parameters are given as --param key=value.',
    connect: connectCommand(report),
  }
  return [next[report.kind]]
}

const ADVICE = {
  NOT_INSTALLED: (_error, { argument }) => [`miniapps admin app install ${argument}`],
  NOT_CONFIGURED: notConfigured,
  AUTH_EXPIRED: (_error, report) => [connectCommand(report)],
  ACTION_NOT_FOUND: () => [],
  VALIDATION_ERROR: invalid,
  RATE_LIMITED: () => [],
  EXTERNAL_API_ERROR: externalError,
  INTERNAL_ERROR: (_error, { here }) => (here ? ['--verbose shows what a function wrote.'] : []),
  TEST_FAILED: (error, report) =>
    report.kind === 'connect'
      ? ['Nothing was stored.', ...externalError(error, report)]
      : externalError(error, report),
  REGISTRATION_FAILED: () => [],
  DUPLICATE_INTEGRATION: () => [],
} as const satisfies Record<ErrorCode, Advise>

/** Whose turn it is, in a word and in whose hands it lies. */
const TURNS = {
  connection: 'connection (whoever connects the account)',
  provider: 'provider',
  input: 'input (whoever gave it)',
  definition: "definition (the app's author)",
  limit: 'limit (nobody)',
  platform: 'platform (whoever operates it)',
} as const satisfies Record<Party, string>

export function adviceFor(error: ReportedError, report: RunReport): Advice {
  const advise: Advise | undefined = Object.hasOwn(ADVICE, error.code) ? ADVICE[error.code] : undefined
  const own = advise?.(error, report) ?? []
  const { explanation } = error.details as ErrorDetails
  if (!explanation) return { turn: '', next: own }
  const turn = Object.hasOwn(TURNS, explanation.party) ? TURNS[explanation.party] : ''
  return { turn, next: [explanation.next, ...own] }
}

/** Whether the code is one that running something ends with, rather than one about the request to a server. */
export function isRunErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ADVICE, code)
}
