import { MiniAppError } from '../../packages/miniapp/src/errors.ts'
import { DefinitionError } from '../../packages/miniapp/src/expression/definition-error.ts'
import { encodeForm } from '../../packages/miniapp/src/expression/form.ts'
import { compileHeaders } from '../../packages/miniapp/src/expression/header.ts'
import { compileQuery, encodeQuery } from '../../packages/miniapp/src/expression/query.ts'
import {
  createCredentialScope,
  createInputScope,
  type Scopes,
} from '../../packages/miniapp/src/expression/scope.ts'
import { compileUrl } from '../../packages/miniapp/src/expression/url.ts'
import { compileArgs, compileValue } from '../../packages/miniapp/src/expression/value.ts'
import {
  KEYS,
  type Rec,
  randomObject,
  randomPlaceholder,
  randomTemplate,
  randomTemplateValue,
  UNNAMED_KEY,
  UNNAMED_VALUE,
} from './documents.ts'
import type { Random } from './random.ts'
import { attempt, checkResult, checkText, Violation } from './violation.ts'

/**
 * One document, one template in each place: compiling throws `DefinitionError` or nothing, rendering `NOT_CONFIGURED`,
 * `VALIDATION_ERROR` or nothing; no value leaves the place where it was put, and none is expanded again.
 */
export function checkTemplating(random: Random): void {
  const scopes = randomScopes(random)
  checkBody(random, scopes)
  checkArgs(random, scopes)
  checkHeaders(random, scopes)
  checkQuery(random, scopes)
  checkUrl(random, scopes)
}

function randomScopes(random: Random): Scopes {
  const bag = (): Rec => ({ ...randomObject(random), [UNNAMED_KEY]: UNNAMED_VALUE })
  const metadata = bag()
  const config = bag()
  return {
    input: createInputScope({
      input: bag(),
      outputs: bag(),
      userInput: bag(),
      metadata,
      system: bag(),
      ...(random.chance(0.3) ? { config } : {}),
      ...(random.chance(0.3) ? { loopItem: bag() } : {}),
    }),
    credential: createCredentialScope({ credentials: bag(), metadata, config }),
  }
}

function isDefinitionError(error: unknown): boolean {
  return error instanceof DefinitionError
}

function isRefusal(error: unknown): boolean {
  return (
    error instanceof MiniAppError && (error.code === 'NOT_CONFIGURED' || error.code === 'VALIDATION_ERROR')
  )
}

function checkBody(random: Random, scopes: Scopes): void {
  const template = randomTemplateValue(random)
  const what = `the body ${JSON.stringify(template)}`
  const compiled = attempt(`compiling ${what}`, () => compileValue(template, '/body'))
  const body = attempt(what, () => compiled?.render(scopes), isRefusal)
  checkResult(what, body)
  checkText(what, attempt(`${what} as a form`, () => encodeForm(body), isRefusal) ?? '')
}

function checkArgs(random: Random, scopes: Scopes): void {
  const args = Object.fromEntries(random.list(3, () => [random.pick(KEYS), randomTemplateValue(random, 1)]))
  const what = `the arguments ${JSON.stringify(args)}`
  const compiled = attempt(`compiling ${what}`, () => compileArgs(args, '/args'), isDefinitionError)
  if (compiled?.placeholders.some(({ syntax }) => syntax === 'credential')) {
    throw new Violation('wrong', `${what} were compiled with a credential`)
  }
  checkResult(
    what,
    attempt(what, () => compiled?.render(scopes.input), isRefusal),
  )
}

function checkHeaders(random: Random, scopes: Scopes): void {
  const templates = Object.fromEntries(
    random.list(3, () => [
      random.pick(['X-A', 'Authorization', '__proto__']),
      random.pick(['', 'Basic ', 'Bearer ']) + randomTemplate(random),
    ]),
  )
  const what = `the headers ${JSON.stringify(templates)}`
  const compiled = attempt(`compiling ${what}`, () => compileHeaders(templates, '/headers'))
  const headers = attempt(what, () => compiled?.render(scopes), isRefusal) ?? {}
  checkResult(what, headers)
  for (const value of Object.values(headers)) {
    if (/[\r\n\0]/.test(value)) throw new Violation('wrong', `${what} gave a value that splits the header`)
  }
}

function checkQuery(random: Random, scopes: Scopes): void {
  const template = Object.fromEntries(
    random.list(4, () => [random.pick(KEYS), randomTemplateValue(random, 1)]),
  )
  const what = `the query ${JSON.stringify(template)}`
  const compiled = attempt(`compiling ${what}`, () => compileQuery(template, '/queryParams'))
  const pairs = attempt(what, () => compiled?.render(scopes), isRefusal) ?? []
  checkResult(what, pairs)
  const read = [...new URLSearchParams(attempt(what, () => encodeQuery(pairs)))]
  const sent = pairs
    .filter(([name, value]) => name !== '' || value !== '')
    .map((pair) => pair.map((text) => text.toWellFormed()))
  const kept = read.filter(([name, value]) => name !== '' || value !== '')
  if (JSON.stringify(kept) !== JSON.stringify(sent))
    throw new Violation('wrong', `${what} does not read back as it was sent`)
}

interface UrlCase {
  template: string
  /** What the rendered URL must still be. */
  holds: (url: URL) => boolean
}

function randomUrl(random: Random): UrlCase {
  const part = () => randomPlaceholder(random)
  return random.pick<UrlCase>([
    {
      template: `https://api.example.com/u/${part()}/x/${part()}?q=${randomTemplate(random).replaceAll('#', '')}&${part()}=1#${part()}`,
      holds: (url) =>
        url.host === 'api.example.com' && url.pathname.startsWith('/u/') && url.pathname.includes('/x/'),
    },
    {
      template: `https://${part()}.shop.example.com/a/${part()}`,
      holds: (url) =>
        url.hostname.endsWith('.shop.example.com') && url.port === '' && url.pathname.startsWith('/a/'),
    },
    {
      template: `https://api.example.com:${part()}/p`,
      holds: (url) => url.hostname === 'api.example.com' && url.pathname === '/p',
    },
    {
      template: `${part()}://api.example.com/p`,
      holds: (url) => url.protocol === 'https:' && url.host === 'api.example.com',
    },
    {
      template: `${part()}/wp-json/x?a=1`,
      holds: (url) =>
        url.protocol === 'https:' && url.pathname.endsWith('/wp-json/x') && url.search === '?a=1',
    },
    { template: randomTemplate(random), holds: () => true },
  ])
}

function checkUrl(random: Random, scopes: Scopes): void {
  const { template, holds } = randomUrl(random)
  const what = `the URL ${JSON.stringify(template)}`
  const compiled = attempt(`compiling ${what}`, () => compileUrl(template, '/url'), isDefinitionError)
  if (compiled === undefined) return
  attempt(`the declared host of ${what}`, () => compiled.declaredHost(scopes))
  const url = attempt(what, () => compiled.render(scopes, { hostFromForm: random.chance(0.5) }), isRefusal)
  if (url === undefined) return
  checkText(what, url)
  checkText(what, decodeURIComponent(url.replace(/%(?![0-9A-Fa-f]{2})/g, '%25')))
  const parsed = attempt(`parsing ${what}`, () => new URL(url))
  if (parsed === undefined || !holds(parsed) || parsed.username !== '' || parsed.password !== '') {
    throw new Violation('wrong', `${what} became ${url}: a value left its place`)
  }
}
