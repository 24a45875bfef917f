/**
 * Every finding that validation can report (specification 1.2). Codes are stable: they are documented one by one and
 * may be matched by tools. A test proves that this table and the code agree.
 */
export type Severity = 'error' | 'warning' | 'info'

export const FINDING_CODES = {
  // Shape
  'not-json': { severity: 'error', summary: 'A value that JSON cannot hold.' },
  'too-large': { severity: 'error', summary: 'The document is nested too deeply or holds too many values.' },
  'reserved-name': {
    severity: 'error',
    summary: 'A property name that JavaScript gives a meaning of its own.',
  },
  'unknown-property': { severity: 'error', summary: 'A property that the format does not know.' },
  'missing-property': { severity: 'error', summary: 'A required property is missing.' },
  'wrong-type': { severity: 'error', summary: 'A value of the wrong type.' },
  'unknown-value': { severity: 'error', summary: 'A value that is none of the allowed ones.' },
  'malformed-value': { severity: 'error', summary: 'A text that has not the form it must have.' },
  'out-of-range': { severity: 'error', summary: 'A number, text or list that is too small or too big.' },
  'conflicting-properties': { severity: 'error', summary: 'Two properties that exclude each other.' },
  'operator-count': { severity: 'error', summary: 'A condition without operator, or with several.' },

  // Identity and listing
  'name-differs-from-ns': { severity: 'warning', summary: '`name` or `type` is not the `ns`.' },
  'short-description-long': {
    severity: 'warning',
    summary: '`shortDescription` is longer than a card shows.',
  },
  'image-format': { severity: 'warning', summary: '`icon` or `logo` is neither SVG nor PNG.' },

  // Actions, sources, functions
  'duplicate-action-name': { severity: 'error', summary: 'Two actions have the same name.' },
  'invalid-parameters': { severity: 'error', summary: '`parameters` is not a valid JSON Schema.' },
  'required-parameter-undeclared': {
    severity: 'warning',
    summary: '`required` names a parameter that is not declared.',
  },
  'unknown-source': { severity: 'error', summary: '`x-source` names no key of `source`.' },
  'unknown-dependency': { severity: 'error', summary: '`x-depends-on` names no parameter.' },
  'misspelt-extension': {
    severity: 'warning',
    summary: 'A property of a parameter resembles a known extension.',
  },
  'unknown-function': { severity: 'error', summary: 'A step or rule names no key of `functions`.' },
  'unknown-argument': { severity: 'error', summary: 'An argument that the function has no parameter for.' },
  'credential-in-function-args': {
    severity: 'error',
    summary: 'A credential would be handed to an App Function.',
  },
  'function-uses-unavailable-global': {
    severity: 'warning',
    summary: 'The code of a function names something that the sandbox does not have.',
  },
  'unknown-allowed-action': { severity: 'error', summary: 'A panel allows an action that does not exist.' },

  // Placeholders and requests
  'malformed-placeholder': {
    severity: 'error',
    summary: 'Brackets that are opened and not closed, or hold no key.',
  },
  'unresolved-placeholder': {
    severity: 'error',
    summary: 'A `{{key}}` that nothing provides where it stands.',
  },
  'unchecked-placeholder': {
    severity: 'info',
    summary: 'A `{{key}}` that only the result of a function can provide.',
  },
  'secret-in-input-placeholder': {
    severity: 'error',
    summary: 'A secret written as `{{key}}` instead of `[[key]]`.',
  },
  'config-outside-auth': {
    severity: 'error',
    summary: 'An app config value written as `{{key}}` outside auth requests.',
  },
  'unresolved-credential': { severity: 'error', summary: 'A `[[key]]` that nothing produces.' },
  'malformed-url': { severity: 'error', summary: 'A URL template that cannot become an absolute URL.' },
  'host-from-input': {
    severity: 'error',
    summary: 'Form input or step output would choose the host that receives a secret.',
  },
  'host-without-domain': {
    severity: 'error',
    summary: 'A placeholder would choose the domain of a request.',
  },
  'forbidden-header-path': { severity: 'error', summary: 'A path reads a header that is never kept.' },

  // Paths and mapping
  'malformed-path': { severity: 'error', summary: 'A path that does not parse.' },

  // Auth
  'oauth-incomplete': { severity: 'warning', summary: '`oauth2` without `auth_url` or `get_token`.' },
  'pkce-incomplete': {
    severity: 'warning',
    summary: 'PKCE is on and `get_token` does not send `{{code_verifier}}`.',
  },
  'secret-in-auth-url': {
    severity: 'warning',
    summary: 'A secret would stand in the address of the authorization page.',
  },
  'refresh-incomplete': { severity: 'warning', summary: '`auto_refresh` without `refresh_token`.' },

  // Triggers, webhook, sync
  'wrong-trigger-type': {
    severity: 'error',
    summary: 'The `type` of a trigger is not `miniapps:` and the `ns`.',
  },
  'duplicate-event': { severity: 'error', summary: 'Two triggers have the same event.' },
  'triggers-without-webhook': {
    severity: 'warning',
    summary: 'Triggers that cannot fire, because there is no webhook.',
  },
  'unknown-webhook-secret': {
    severity: 'warning',
    summary: 'The secret of the verification is declared nowhere.',
  },
  'timestamp-not-signed': { severity: 'warning', summary: 'The time of signing is checked but not signed.' },
  'read-as-slack': { severity: 'info', summary: 'The verification is read as the preset `slack`.' },
  'handler-without-trigger': {
    severity: 'warning',
    summary: 'A sync handler for an event that no trigger has.',
  },
  'unknown-resource': { severity: 'error', summary: 'A sync handler names no key of `resources`.' },
} as const satisfies Record<string, { severity: Severity; summary: string }>

export type FindingCode = keyof typeof FINDING_CODES

/** One thing that is wrong, or may be. */
export interface Finding {
  severity: Severity
  code: FindingCode
  /** JSON Pointer (RFC 6901) into the document; the empty string is the document itself. */
  path: string
  /** What is wrong and what would be right, for whoever wrote the document. */
  message: string
}

export function finding(code: FindingCode, path: string, message: string): Finding {
  return { severity: FINDING_CODES[code].severity, code, path, message }
}
