import { describe, expect, test } from 'vitest'
import { app } from './app.ts'
import { unknownProperties } from './unknown-property.ts'

const found = (document: unknown) =>
  unknownProperties(app, document).findings.map(({ path, message }) => [path, message])

describe('unknown properties', () => {
  test('the message of the specification', () => {
    expect(found({ webhook: { eventExtracton: {} } })).toEqual([
      ['/webhook/eventExtracton', 'unknown property `eventExtracton`; did you mean `eventExtraction`?'],
    ])
  })

  test.each([
    ['the top level', { titel: '' }, '/titel'],
    ['a list', { actions: [{ requsts: [] }] }, '/actions/0/requsts'],
    [
      'an HTTP step',
      { actions: [{ requests: [{ url: '', hedaers: {} }] }] },
      '/actions/0/requests/0/hedaers',
    ],
    [
      'a function step',
      { actions: [{ requests: [{ type: 'function', argss: {} }] }] },
      '/actions/0/requests/0/argss',
    ],
    [
      'a rule of an object mapping',
      { auth: { userDetails: { mapping: { uid: { pth: '' } } } } },
      '/auth/userDetails/mapping/uid/pth',
    ],
    [
      'an entry of a list mapping',
      { auth: { get_token: { mapping: [{ nam: 'a' }] } } },
      '/auth/get_token/mapping/0/nam',
    ],
    [
      'a rule inside a rule',
      { sync: { resources: { a: { apiMapping: { b: { fields: { c: { pathh: '' } } } } } } } },
      '/sync/resources/a/apiMapping/b/fields/c/pathh',
    ],
    [
      'typed pagination',
      { source: { rpc_a: { pagination: { type: 'page', pageParm: '' } } } },
      '/source/rpc_a/pagination/pageParm',
    ],
    [
      'a handler with a mapping',
      { sync: { webhooks: { handlers: { a: { recordTyp: '' } } } } },
      '/sync/webhooks/handlers/a/recordTyp',
    ],
    [
      'a handler with a resource',
      { sync: { webhooks: { handlers: { a: { resource: '', dataPth: '' } } } } },
      '/sync/webhooks/handlers/a/dataPth',
    ],
    ['a panel', { dashboardApps: [{ iframeURL: '' }] }, '/dashboardApps/0/iframeURL'],
  ])('are found in %s', (_, document, path) => {
    expect(found(document).map(([pointer]) => pointer)).toEqual([path])
  })

  test.each([
    [
      'notes of your own',
      { 'x-note': 1, auth: { 'x-note': {} }, actions: [{ requests: [{ url: '', 'x-note': 1 }] }] },
    ],
    [
      'keywords of JSON Schema',
      { actions: [{ parameters: { properties: { a: { minLength: 1, enum: [], 'x-source': 'rpc_a' } } } }] },
    ],
    [
      'whatever a body holds',
      { actions: [{ requests: [{ url: '', body: { anything: { at: ['all'] } } }] }] },
    ],
    [
      'names that the author chooses',
      { functions: { anything: {} }, auth: { form: { anything: {} }, config: { anything: 1 } } },
    ],
    ['the address of this schema', { $schema: 'https://example.com/miniapp.schema.json' }],
    [
      'the deprecated and the first-party fields',
      { webhook: { ecommerce: {}, merchantExtraction: { path: '' }, uninstallEvents: [] }, provisioning: {} },
    ],
  ])('%s are allowed', (_, document) => {
    expect(found(document)).toEqual([])
  })

  test('a name without likeness is answered with the names that are known', () => {
    const [[, message] = []] = found({ triggers: [{ colour: 1 }] })
    expect(message).toBe(
      'unknown property `colour`; known here: `type`, `event`, `img`, `icon`, `label`, `description`, `isCustom`, `sample`. Notes of your own may start with `x-`.',
    )
  })
})
