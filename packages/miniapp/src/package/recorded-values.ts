/**
 * What stands for everything that a recording cannot hold, because it is secret or made anew each time. Part of the
 * package format: `catalog/README.md` lists these values for authors.
 */

/** Every credential of the install, and every secret of the app. */
export const RECORDED_CREDENTIAL = 'credential-of-the-install'

/** The operator's app config, over the non-empty values of `auth.config`. */
export const RECORDED_CONFIG = { client_id: 'client-of-the-app', client_secret: RECORDED_CREDENTIAL }

/** System values (specification 2.1). */
export const RECORDED_SYSTEM = {
  subdomain: 'acme',
  redirect_uri: 'https://platform.example/oauth2',
  webhookUrl: 'https://platform.example/webhooks',
}

/** What auth requests see besides. */
export const RECORDED_FLOW = {
  ...RECORDED_SYSTEM,
  code: 'code-of-the-flow',
  code_verifier: 'verifier-of-the-flow',
  webhookSecret: 'secret-of-the-webhook',
}

/** `{{now}}` when a recording begins; waiting moves it on. */
export const RECORDED_TIME = '2026-01-02T03:04:05.000Z'

/** `{{idempotencyKey}}`, and what separates the parts of a multipart body. */
export const RECORDED_UUID = '00000000-0000-4000-8000-000000000000'
