/** Attacks that aim a definition's placeholders, by what a form, a stored value or an answer of the provider says. */

export interface DefinitionAttack {
  name: string
  /** Of the step; a second one where `first` gives the outputs that it reads. */
  url: string
  /** The step carries the tenant's credential. */
  withCredential?: true
  input?: Record<string, unknown>
  userInput?: Record<string, unknown>
  credentials?: Record<string, unknown>
  /** What the provider answers to a step before, whose members become outputs. */
  first?: Record<string, string>
  /** The step runs for each of these, as `item`. */
  items?: string[]
  /** It is the next page of a source's list, by the body or by a `Link` header. */
  nextPage?: 'body' | 'link'
}

const BY_FORM: DefinitionAttack[] = ['evil.test', '10.0.0.1', '127.1', '[::1]', '１２７.０.０.１'].flatMap(
  (host) => [
    { name: `host from a form, ${host}`, url: 'https://{{host}}/', input: { host } },
    {
      name: `host from a form beside a credential, ${host}`,
      url: 'https://{{host}}/',
      input: { host },
      withCredential: true,
    },
  ],
)

const BY_OUTPUT: DefinitionAttack[] = [
  {
    name: 'host from an answer beside a credential',
    url: 'https://{{host}}/',
    first: { host: 'evil.test' },
    withCredential: true,
  },
  { name: 'host from an answer', url: 'https://{{host}}/', first: { host: '10.0.0.1' } },
  {
    name: 'origin from an answer beside a credential',
    url: '{{origin}}/',
    first: { origin: 'https://evil.test' },
    withCredential: true,
  },
  { name: 'origin from an answer', url: '{{origin}}/', first: { origin: 'https://10.0.0.1' } },
  {
    name: 'host from an item beside a credential',
    url: 'https://{{item}}/',
    items: ['evil.test'],
    withCredential: true,
  },
  { name: 'host from an item', url: 'https://{{item}}/', items: ['10.0.0.1', '127.1'] },
  {
    name: 'origin from a form beside a credential',
    url: '{{origin}}/',
    input: { origin: 'https://evil.test' },
    withCredential: true,
  },
  { name: 'next page inside, in the body', url: 'https://10.0.0.1/', nextPage: 'body' },
  {
    name: 'next page at another host, in the body',
    url: 'https://evil.test/',
    nextPage: 'body',
    withCredential: true,
  },
  {
    name: 'next page without scheme, in the body',
    url: '//evil.test/',
    nextPage: 'body',
    withCredential: true,
  },
  { name: 'next page inside, in a Link header', url: 'https://10.0.0.1/', nextPage: 'link' },
  {
    name: 'next page at another host, in a Link header',
    url: 'https://evil.test/',
    nextPage: 'link',
    withCredential: true,
  },
]

/** Stored values that try to leave their place in `https://{{shop}}.provider.test/`. */
const BY_SHOP: DefinitionAttack[] = [
  '10.0.0.1/',
  '10.0.0.1#',
  '10.0.0.1?',
  '10.0.0.1\\',
  '10.0.0.1:443/',
  'x@10.0.0.1/',
  'evil.test/',
  'evil.test/\t',
  'evil.test?x=',
].map((shop) => ({
  name: `stored part of a host, ${JSON.stringify(shop)}`,
  url: 'https://{{shop}}.provider.test/',
  userInput: { shop },
  withCredential: true,
}))

const IN_PLACE: DefinitionAttack[] = [
  {
    name: 'stored port of another service',
    url: 'https://provider.test:{{port}}/',
    userInput: { port: '22' },
  },
  {
    name: 'stored port that ends the host',
    url: 'https://provider.test:{{port}}/',
    userInput: { port: '443@10.0.0.1' },
  },
  {
    name: 'credential as part of a host',
    url: 'https://[[shop]].provider.test/',
    credentials: { shop: '10.0.0.1/' },
  },
  {
    name: 'path that follows the host',
    url: 'https://provider.test{{path}}',
    input: { path: '@10.0.0.1/' },
    withCredential: true,
  },
  {
    name: 'path that lengthens the host',
    url: 'https://provider.test{{path}}',
    input: { path: '.evil.test/' },
    withCredential: true,
  },
  {
    name: 'path without credential that lengthens the host',
    url: 'https://provider.test{{path}}',
    input: { path: '.evil.test/' },
  },
]

export const DEFINITION_ATTACKS: readonly DefinitionAttack[] = [
  ...BY_FORM,
  ...BY_OUTPUT,
  ...BY_SHOP,
  ...IN_PLACE,
]
