/** The pages of the reference that print one table of the code each. */
import { CHANGE_CODES, ERROR_CODES } from '../packages/miniapp/src/index.ts'

import { PERMISSIONS } from '../packages/server/src/account/permission.ts'
import { LIMITS } from '../packages/server/src/app/limits.ts'
import { API_ERROR_CODES, ApiError, type ApiErrorCode, publicError } from '../packages/server/src/errors.ts'
import { EVENTS } from '../packages/server/src/log.ts'
import { SETTINGS } from '../packages/server/src/settings.ts'
import { code, page, table } from './generate-markdown.ts'

interface Setting {
  summary: string
  default?: string
  example: string
}

const yesNo = (value: boolean) => (value ? 'yes' : 'no')

export function settingsPage(): string {
  const settings: Record<string, Setting> = SETTINGS
  const rows = Object.entries(settings).map(([name, { summary, default: fallback, example }]) => [
    code(name),
    summary,
    fallback === undefined ? '–' : fallback.includes('`') ? fallback : code(fallback),
    code(example),
  ])
  return page('Settings', 'packages/server/src/settings.ts', [
    'The server reads its settings from the environment when it starts. A file `.env` in the working directory fills in ' +
      'what the environment does not set. An empty value counts as not set. Where settings cannot be used, the server ' +
      'does not start and names every problem. A name that only resembles a setting is logged as `setting.misspelt`.',
    table(['setting', 'meaning', 'default', 'example'], rows),
  ])
}

export function limitsPage(): string {
  const rows = Object.entries(LIMITS).map(([name, { value, summary }]) => [
    code(name),
    String(value),
    summary,
  ])
  return page('Limits', 'packages/server/src/app/limits.ts', [
    'What a client may take of the server before a route sees its request. They are no settings; names end in their unit. ' +
      'A request that is not accepted is answered `{ "error": { "code": "BAD_USER_INPUT", "message": … } }`, and its connection closed.',
    table(['limit', 'value', 'meaning'], rows),
  ])
}

const AUDIENCES = {
  input: 'whoever filled in the form',
  connection: 'whoever connects the account',
  provider: 'the provider, or the author of the definition',
  limit: 'nobody: wait and try again',
  platform: 'the operator',
} as const satisfies Record<(typeof ERROR_CODES)[keyof typeof ERROR_CODES]['audience'], string>

export function errorCodesPage(): string {
  const apiRows = Object.entries(API_ERROR_CODES).map(([name, { status, summary, remedy }]) => [
    code(name),
    String(status),
    yesNo(publicError(new ApiError(name as ApiErrorCode, '')).retryable),
    summary,
    remedy,
  ])
  const actionRows = Object.entries(ERROR_CODES).map(([name, { retryable, audience, summary, remedy }]) => [
    code(name),
    yesNo(retryable),
    AUDIENCES[audience],
    summary,
    remedy,
  ])
  return page('Error codes', 'packages/miniapp/src/errors.ts and packages/server/src/errors.ts', [
    'Every error has a code, a message for people, `retryable` (whether the same call can succeed later) and `details`. ' +
      'The code and `retryable` are stable; the message is not.',
    '## Actions, dropdowns and connecting',
    'An action answers with them in `error`; other operations in `errors[].extensions`. An `EXTERNAL_API_ERROR` is ' +
      'retryable where the HTTP status of the provider says so.',
    table(['code', 'retryable', 'who can act', 'meaning', 'what to do'], actionRows),
    '## API',
    'In `errors[].extensions` of a GraphQL answer, or in `error` of any other, with the request id beside it. The status ' +
      'is that of an answer which is not GraphQL.',
    table(['code', 'HTTP status', 'retryable', 'meaning', 'what to do'], apiRows),
  ])
}

export function changeCodesPage(): string {
  const rows = Object.entries(CHANGE_CODES).map(([name, { kind, summary }]) => [code(name), kind, summary])
  return page('Change codes', 'packages/miniapp/src/diff/codes.ts', [
    'What can differ between two versions of an app, as `miniapps diff` and registering tell it. Each change also has a JSON ' +
      'Pointer `path`, `in` (whether the path is in the version `before` or `after`: what was removed is only in the one ' +
      'before) and a `reason` for the admin of a workspace. Codes and kinds are stable; reasons are not.',
    'Something `breaking` needs a higher major number, before 1.0.0 a higher minor number. Something `additive` should have a ' +
      'higher minor number, before 1.0.0 any higher one. For what is `cosmetic` any higher number does. Order of members, ' +
      'spelling of paths, defaults written out and notes (`x-`) are no changes.',
    table(['code', 'kind', 'meaning'], rows),
  ])
}

export function logEventsPage(): string {
  const rows = Object.entries(EVENTS).map(([name, summary]) => [code(name), summary])
  return page('Log events', 'packages/server/src/log.ts', [
    'Each line of the log is one of these events, with `time`, `level` and fields such as `requestId`, `workspaceId`, ' +
      '`ns`, `action`, `status` and `durationMs`. With `LOG_FORMAT=json` a line is one JSON object on standard output.',
    table(['event', 'meaning'], rows),
  ])
}

export function permissionsPage(): string {
  const rows = Object.entries(PERMISSIONS).map(([name, summary]) => [code(name), summary])
  return page('Permissions', 'packages/server/src/account/permission.ts', [
    'What an app token may carry. A token with all permissions has every one of them except those that belong to the ' +
      'platform; these are given by name. Some permissions belong to operations that this server does not have yet.',
    table(['permission', 'allows'], rows),
  ])
}
