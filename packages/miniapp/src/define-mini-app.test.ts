import { describe, expect, expectTypeOf, it } from 'vitest'
import { type ActionInput, type ActionName, type ActionOutput, defineMiniApp } from './define-mini-app.ts'
import { validate } from './validate.ts'

/** Types are checked by the compiler (`npm run typecheck`); a wrong one does not compile. */
const listing = {
  ns: 'desk',
  name: 'desk',
  type: 'desk',
  title: 'Desk',
  label: 'Desk',
  shortDescription: 'Tickets of Desk.',
  description: 'Tickets of Desk.',
  status: 'private',
  version: '1.0.0',
  category: 'crm',
  icon: 'https://desk.example/icon.svg',
  logo: 'https://desk.example/logo.svg',
  docsUrl: 'https://desk.example/docs',
} as const

const desk = defineMiniApp({
  ...listing,
  'x-owner': 'team desk',
  auth: {
    type: 'apikey',
    sensitiveKeys: ['apiKey'],
    form: { apiKey: { type: 'password', label: 'API key', required: true } },
  },
  actions: [
    {
      name: 'createTicket',
      title: 'Create a ticket',
      description: 'Creates a ticket.',
      parameters: {
        type: 'object',
        properties: {
          subject: { type: 'string' },
          priority: { type: 'string', enum: ['low', 'high'] },
          urgent: { type: 'boolean', default: false },
          tags: { type: 'array', items: { type: 'string' } },
          requester: {
            type: 'object',
            properties: { email: { type: 'string' }, age: { type: ['integer', 'null'] } },
            required: ['email'],
          },
        },
        required: ['subject', 'urgent'],
      },
      requests: [
        {
          url: 'https://desk.example/tickets',
          method: 'POST',
          headers: { Authorization: 'Bearer [[apiKey]]' },
          body: {
            subject: '{{subject}}',
            priority: '{{priority}}',
            urgent: '{{urgent}}',
            tags: '{{tags}}',
            requester: '{{requester}}',
          },
          mapping: {
            id: { path: '$.id', transform: 'toString' },
            subject: '$.subject',
            source: 'desk',
            status: { source: 'status' },
            comments: {
              path: '$.comments',
              transform: 'mapItems',
              fields: { text: 'body', at: { path: 'created', transform: 'toDate' } },
            },
          },
        },
        { type: 'function', name: 'count', args: { values: '{{comments}}' } },
      ],
    },
    {
      name: 'ping',
      title: 'Ping',
      description: 'Asks whether Desk is there.',
      requests: [
        { url: 'https://desk.example/ping', method: 'GET', mapping: [{ name: 'ok', value: '$.ok' }] },
      ],
    },
  ],
  functions: { count: { params: ['values'], code: 'return { count: values.length }', returns: ['count'] } },
})

describe('defineMiniApp', () => {
  it('answers the definition as it is', () => {
    expect(validate(desk).filter(({ severity }) => severity === 'error')).toEqual([])
    expect(desk.ns).toBe('desk')
  })

  it('knows the names of the actions', () => {
    expectTypeOf<ActionName<typeof desk>>().toEqualTypeOf<'createTicket' | 'ping'>()
  })

  it('infers what an action takes', () => {
    expectTypeOf<ActionInput<typeof desk, 'createTicket'>>().toEqualTypeOf<{
      subject: string
      priority?: 'low' | 'high'
      urgent?: boolean
      tags?: string[]
      requester?: { email: string; age?: number | null }
    }>()
    expectTypeOf<ActionInput<typeof desk, 'ping'>>().toEqualTypeOf<Record<string, never>>()
    // @ts-expect-error there is no such action
    expectTypeOf<ActionInput<typeof desk, 'createTickets'>>()
  })

  it('infers what an action answers', () => {
    expectTypeOf<ActionOutput<typeof desk, 'createTicket'>>().toEqualTypeOf<{
      id?: string
      subject?: unknown
      source?: 'desk'
      status?: number
      comments?: { text?: unknown; at?: string }[]
      count?: unknown
    }>()
    expectTypeOf<keyof ActionOutput<typeof desk, 'ping'>>().toEqualTypeOf<never>()
  })

  it('does not compile with a misspelt name or a wrong value', () => {
    const none = { ...listing, auth: { type: 'none' } } as const
    // @ts-expect-error misspelt
    defineMiniApp({ ...none, allowedHost: ['files.desk.example'] })
    // @ts-expect-error misspelt, deeper
    defineMiniApp({ ...listing, auth: { type: 'none', sensitivKeys: [] } })
    defineMiniApp({
      ...none,
      actions: [
        {
          name: 'ping',
          title: 'Ping',
          // @ts-expect-error no method, and a misspelt header list
          requests: [{ url: 'https://desk.example', metod: 'GET', mapping: {} }],
        },
      ],
    })
    // @ts-expect-error no such category
    defineMiniApp({ ...none, category: 'shopping' })
    // @ts-expect-error nothing says how accounts are connected
    defineMiniApp({ ...listing })
    expect(defineMiniApp(none).auth.type).toBe('none')
  })
})
