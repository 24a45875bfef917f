/**
 * Every finding that validation can report (specification 1.2). Codes are stable: they are documented one by one and
 * may be matched by tools. A test proves that this table and the code agree.
 */
export type Severity = 'error' | 'warning' | 'info'

/** Each level includes the one before (specification 1.2). */
export type ValidationLevel = 'schema' | 'consistency' | 'submission'

interface CodeEntry {
  severity: Severity
  /** Where a submission is judged more strictly than a draft. */
  atSubmission?: Severity
  summary: string
}

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
  'public-submission': { severity: 'error', summary: 'The submission of a partner with `status` `public`.' },
  'first-party-only': { severity: 'error', summary: 'A property that only apps of the operator may have.' },
  'description-without-steps': {
    severity: 'warning',
    summary: '`description` has no numbered set-up steps.',
  },
  'description-without-events': {
    severity: 'warning',
    summary: 'There are triggers, and `description` has no table of events.',
  },

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
  'unknown-keyword': {
    severity: 'warning',
    summary: 'A keyword of a parameter that JSON Schema does not know.',
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
  'action-without-description': { severity: 'warning', summary: 'An action without `description`.' },
  'default-not-allowed': { severity: 'warning', summary: 'A `default` that the field itself refuses.' },
  'extension-without-source': {
    severity: 'warning',
    summary: '`x-depends-on` or `x-fallback` without `x-source`.',
  },
  'source-without-fallback': { severity: 'warning', summary: '`x-source` without `x-fallback`.' },
  'unused-source': { severity: 'warning', summary: 'A source that no parameter names.' },
  'unused-function': { severity: 'warning', summary: 'A function that nothing calls.' },
  'function-does-not-parse': { severity: 'error', summary: 'The code of a function is no JavaScript.' },
  'function-returns-nothing': { severity: 'error', summary: 'The code of a function has no `return`.' },
  'unreachable-step': { severity: 'warning', summary: 'A step whose `when` can never hold.' },
  'items-not-a-list': { severity: 'error', summary: '`items` of a `forEach` that can never be a list.' },
  'unresolved-reference': { severity: 'error', summary: 'A `$ref` that leads nowhere.' },
  'duplicate-panel-key': { severity: 'error', summary: 'Two panels have the same `key`.' },

  // Placeholders and requests
  'malformed-placeholder': {
    severity: 'error',
    summary: 'Brackets that are opened and not closed, or hold no key.',
  },
  'foreign-placeholder': {
    severity: 'warning',
    summary: 'A name in the brackets of another template language.',
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
  'misplaced-property': {
    severity: 'warning',
    summary: 'A part of a request stands inside its `body`.',
  },
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
  'open-path-parameter': {
    severity: 'warning',
    summary: 'A text inside the path of a URL that may hold any characters.',
  },
  'url-not-https': { severity: 'error', summary: 'An address that begins with `http:`.' },
  'app-secret-to-chosen-host': {
    severity: 'error',
    summary: 'A workspace would choose the server that receives a secret of the app.',
  },
  'body-never-sent': {
    severity: 'warning',
    summary: 'A body, or a cursor in one, of a GET or HEAD request.',
  },
  'body-without-names': { severity: 'error', summary: 'A form that is sent without names for its values.' },
  'content-type-mismatch': {
    severity: 'warning',
    summary: 'A `Content-Type` that is not what `bodyType` sends.',
  },
  'header-line-break': { severity: 'error', summary: 'The value of a header has a line break.' },

  // Paths and mapping
  'malformed-path': { severity: 'error', summary: 'A path that does not parse.' },
  'unknown-time-zone': { severity: 'error', summary: 'A time zone that does not exist.' },
  'unknown-country': { severity: 'error', summary: 'A country without a calling code.' },
  'literal-like-path': {
    severity: 'warning',
    summary: 'A text in a response mapping that is taken as it is and looks like a path.',
  },

  // Auth
  'oauth-incomplete': {
    severity: 'warning',
    atSubmission: 'error',
    summary: '`oauth2` without `auth_url` or `get_token`.',
  },
  'pkce-incomplete': {
    severity: 'warning',
    summary: 'PKCE is on and `get_token` does not send `{{code_verifier}}`.',
  },
  'secret-in-auth-url': {
    severity: 'warning',
    summary: 'A secret would stand in the address of the authorization page.',
  },
  'refresh-incomplete': {
    severity: 'warning',
    atSubmission: 'error',
    summary: '`auto_refresh` without `refresh_token`.',
  },
  'unlisted-secret': { severity: 'error', summary: 'A secret that is not in `sensitiveKeys`.' },
  'live-secret': { severity: 'error', summary: 'A value that looks like a live production secret.' },
  'unused-auth-property': {
    severity: 'warning',
    summary: 'A property of `auth` that the type of connection does not use.',
  },
  'unusable-pattern': { severity: 'error', summary: 'The pattern of a form field cannot be used.' },

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
  'trigger-never-fires': {
    severity: 'warning',
    summary: 'A trigger whose event no sample of the package produces.',
  },
  'misspelt-content-type': {
    severity: 'warning',
    summary: 'A `contentType` that resembles a known one.',
  },
  'unknown-resource': { severity: 'error', summary: 'A sync handler names no key of `resources`.' },
  'unknown-icon': { severity: 'warning', summary: 'The icon of a trigger is no icon of Lucide.' },
  'misspelt-event': {
    severity: 'warning',
    summary: 'An event that differs from the one of a trigger in punctuation alone.',
  },
  'webhook-without-event': { severity: 'warning', summary: 'Nothing says where the name of an event is.' },
  'webhook-not-verified': {
    severity: 'warning',
    summary: 'Deliveries that start automations are not verified.',
  },
  'webhook-without-transaction-id': {
    severity: 'warning',
    summary: 'Repeated deliveries are not recognised.',
  },
  'transaction-id-without-time': {
    severity: 'warning',
    summary: 'Updates of one record would be taken for repetitions.',
  },
  'webhook-secret-in-config': {
    severity: 'warning',
    summary: 'The secret of the verification has a value in the definition.',
  },
  'algorithm-without-key': { severity: 'error', summary: 'An algorithm of a token whose key is not given.' },
  'unknown-signed-part': {
    severity: 'error',
    summary: '`signedPayload` names something that a delivery does not have.',
  },
  'merchant-not-identified': {
    severity: 'error',
    summary: 'One URL for all workspaces, and nothing proves whose a delivery is.',
  },
  'deprecated-ecommerce': { severity: 'error', summary: '`webhook.ecommerce`, which `sync` replaces.' },
  'record-without-code': { severity: 'warning', summary: 'Imported records without `code`.' },
  'misspelt-field': { severity: 'warning', summary: 'A field of a record in another spelling.' },
  'customer-without-identity': {
    severity: 'warning',
    summary: 'Customers without `code`, `primaryEmail` and `primaryPhone`.',
  },
  'details-incomplete': {
    severity: 'warning',
    summary: '`expandDetails` without `details`, or the other way round.',
  },
  'malformed-schedule': { severity: 'error', summary: 'A cron expression that cannot be read.' },

  // Samples and recorded tests of a package
  'sample-event-differs': {
    severity: 'error',
    summary: 'A sample is another event than it says, or none.',
  },
  'recording-differs': {
    severity: 'error',
    summary: 'The definition does something else than a recorded test expects.',
  },
  'mapping-never-matches': {
    severity: 'warning',
    summary: 'A mapping entry that selects nothing in any recorded answer.',
  },
} as const satisfies Record<string, CodeEntry>

export type FindingCode = keyof typeof FINDING_CODES

/** One thing that is wrong, or may be. */
export interface Finding {
  severity: Severity
  code: FindingCode
  /** JSON Pointer (RFC 6901) into the document; the empty string is the document itself. */
  path: string
  /** What is wrong and what would be right, for whoever wrote the document. */
  message: string
  /** The file of the package that `path` leads into, relative to the package; absent: the definition. */
  file?: string
}

/** @param level that the document is judged at; some codes weigh more in a submission */
export function finding(
  code: FindingCode,
  path: string,
  message: string,
  level: ValidationLevel = 'schema',
): Finding {
  const { severity, atSubmission = severity }: CodeEntry = FINDING_CODES[code]
  return { severity: level === 'submission' ? atSubmission : severity, code, path, message }
}
