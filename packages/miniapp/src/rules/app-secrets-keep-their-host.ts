import { DefinitionError } from '../expression/definition-error.ts'
import { rootNameOf } from '../expression/key.ts'
import type { UrlPiece } from '../expression/url-template.ts'
import type { RequestSite } from './request-sites.ts'
import type { Rule, RuleContext } from './rule.ts'

/** Domains under which everybody gets a name of their own: a placeholder before them chooses a server. */
const HOSTING_DOMAINS =
  /\.(?:amazonaws\.com|azurewebsites\.net|cloudfront\.net|deno\.dev|firebaseapp\.com|fly\.dev|github\.io|glitch\.me|herokuapp\.com|loca\.lt|netlify\.app|ngrok(?:-free)?\.(?:app|dev|io)|onrender\.com|pages\.dev|railway\.app|repl\.co|replit\.app|run\.app|surge\.sh|trycloudflare\.com|vercel\.app|web\.app|workers\.dev)$/i

/**
 * A request that sends a secret of app config goes to a host that no workspace can choose (1.2, level 3): the secret
 * belongs to all workspaces, and one of them could aim it at a server of its own. A placeholder before a literal domain
 * of the provider chooses no server (ADR 0018).
 */
export const appSecretsKeepTheirHost: Rule = (context) => {
  for (const site of context.requests) {
    const secret = sentSecret(context, site)
    const chooser = secret === undefined ? undefined : chooserOf(context, site)
    if (secret === undefined || chooser === undefined) continue
    context.report(
      'app-secret-to-chosen-host',
      site.urlPointer,
      `\`${secret}\` is a secret of the app, for all workspaces, and \`${chooser}\` would let one of them choose the server that receives it; write the provider's domain into the URL, such as \`https://{{shop}}.example.com\`.`,
    )
  }
}

/** A sensitive key of `auth.config` that the operator fills in, or has filled in, and that the request carries. */
function sentSecret(
  { survey, scopes }: RuleContext,
  { placeholders, scope }: RequestSite,
): string | undefined {
  const { config, sensitiveKeys } = survey.auth
  const isAppSecret = (name: string) =>
    Object.hasOwn(config, name) &&
    (name === 'client_secret' || sensitiveKeys.includes(name)) &&
    (scopes.installed.config.has(name) || (config[name] !== '' && config[name] !== undefined))
  const isRead = (syntax: 'input' | 'credential') => syntax === 'credential' || scope.isAuthRequest
  return placeholders
    .filter(({ syntax }) => isRead(syntax))
    .map(({ key }) => rootNameOf(key))
    .find(isAppSecret)
}

/** The placeholder that chooses the server, if there is one; app config and the platform's own values may. */
function chooserOf(context: RuleContext, { url, scope }: RequestSite): string | undefined {
  if (url === undefined || url instanceof DefinitionError) return undefined
  const { config, userInput, metadata, secrets } = context.scopes.installed
  const isOfWorkspace = (piece: Exclude<UrlPiece, string>) => {
    const name = rootNameOf(piece.key)
    if (userInput.has(name) || metadata.has(name) || secrets.has(name)) return !isOfApp(name)
    if (piece.syntax === 'credential') return !config.has(name)
    const from = scope.places.find(({ names }) => names.has(name))
    return from !== undefined && from.label !== 'app config' && from.label !== 'system values'
  }
  const isOfApp = (name: string) => config.has(name) && !userInput.has(name) && !metadata.has(name)
  const chosen = url.origin ?? holeBeforeFreeDomain(url.host)
  if (chosen === undefined || !isOfWorkspace(chosen)) return undefined
  return chosen.syntax === 'input' ? `{{${chosen.key}}}` : `[[${chosen.key}]]`
}

function holeBeforeFreeDomain(host: readonly UrlPiece[]): Exclude<UrlPiece, string> | undefined {
  const last = host.findLast((piece) => typeof piece === 'object')
  const tail = host.at(-1)
  // Without a domain behind it there is another finding, `host-without-domain`.
  return typeof tail === 'string' && HOSTING_DOMAINS.test(tail) ? last : undefined
}
