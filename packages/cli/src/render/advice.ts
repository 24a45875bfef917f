/**
 * Whose turn it is after a failed run, and what they can do. A table of the interpreter's error codes; it is on purpose
 * free of imports at run time, so that commands against a server start fast.
 */
import type { ErrorCode } from 'miniapp'
import { credentialVariable } from '../credentials.ts'
import type { ReportedError, RunReport } from '../run-report.ts'

export interface Advice {
  turn: string
  next: string[]
}

type Advise = (error: ReportedError, report: RunReport) => Advice

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
  return { turn: 'You: an account is missing.', next: [...give, ...connect] }
}

const externalError: Advise = ({ details, retryable }, { here, steps, verbose }) => {
  if (details['failure'] === 'blocked') {
    const next = here
      ? [
          'A host that no URL of the definition names is declared in "allowedHosts".',
          'Private addresses and http: are reached with --allow-private, a stand-in with --origin.',
        ]
      : ['A host that no URL of the definition names is declared in "allowedHosts".']
    return { turn: "The definition's author: the request may not go there.", next }
  }
  const again = retryable ? ['Trying again later may help.'] : []
  const look =
    verbose || steps.length === 0 ? [] : ['--verbose shows the request and the answer, without secrets.']
  return { turn: 'The provider, or what it was sent.', next: [...again, ...look] }
}

const invalid: Advise = ({ details }, report) => {
  const turn = 'You: correct what was given.'
  if (details['fields'] === undefined) return { turn, next: [] }
  const next = {
    action: 'Inputs are given as --input key=value.',
    source: 'Parameters are given as --param key=value.',
    connect: connectCommand(report),
  }
  return { turn, next: [next[report.kind]] }
}

const ADVICE = {
  NOT_INSTALLED: (_error, { argument }) => ({
    turn: 'You: the app is not in this workspace.',
    next: [`miniapps admin app install ${argument}`],
  }),
  NOT_CONFIGURED: notConfigured,
  AUTH_EXPIRED: (_error, report) => ({
    turn: 'You: the provider no longer accepts the credentials.',
    next: [connectCommand(report)],
  }),
  ACTION_NOT_FOUND: () => ({ turn: 'You: choose one of the names above.', next: [] }),
  VALIDATION_ERROR: invalid,
  RATE_LIMITED: ({ details }) => {
    const waitMs = details['retryAfterMs']
    const wait = typeof waitMs === 'number' ? ` for ${Math.ceil(waitMs / 1000)} s` : ''
    return { turn: `Nobody: wait${wait}, then try again.`, next: [] }
  },
  EXTERNAL_API_ERROR: externalError,
  INTERNAL_ERROR: (_error, { here }) => ({
    turn: here ? "The definition's author, or this program." : 'Whoever operates the server.',
    next: here
      ? ['--verbose shows what a function wrote.']
      : ['The request id finds the reason in the server log.'],
  }),
  TEST_FAILED: () => ({ turn: 'You: the provider refused the credentials. Nothing was stored.', next: [] }),
  REGISTRATION_FAILED: () => ({
    turn: 'You: the account is connected, but the provider refused to register; mend what it says and retry.',
    next: [],
  }),
  DUPLICATE_INTEGRATION: () => ({
    turn: 'You: another workspace has connected this account; disconnect it there first.',
    next: [],
  }),
} as const satisfies Record<ErrorCode, Advise>

export function adviceFor(error: ReportedError, report: RunReport): Advice {
  const advise: Advise | undefined = Object.hasOwn(ADVICE, error.code) ? ADVICE[error.code] : undefined
  return advise?.(error, report) ?? { turn: '', next: [] }
}

/** Whether the code is one that running something ends with, rather than one about the request to a server. */
export function isRunErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ADVICE, code)
}
