import type { Definition } from 'miniapp'
import { describe, expect, it } from 'vitest'
import { publicDefinition } from './public-definition.ts'

const definitionWith = (auth: object) => ({ ns: 'x', auth }) as unknown as Definition

describe('publicDefinition', () => {
  it('empties what is sensitive and what is named like a secret, and keeps the rest', () => {
    const config = {
      client_id: 'id-1',
      client_secret: 's-1',
      scope: 'read',
      webhookSecret: 's-2',
      apiKey: 's-3',
      pin: 's-4',
      keyboard: 'qwerty',
    }
    const { auth } = publicDefinition(definitionWith({ type: 'oauth2', sensitiveKeys: ['pin'], config }))
    expect(auth.config).toEqual({
      client_id: 'id-1',
      client_secret: '',
      scope: 'read',
      webhookSecret: '',
      apiKey: '',
      pin: '',
      keyboard: 'qwerty',
    })
    expect(config.client_secret).toBe('s-1')
  })

  it('empties what the verification of webhooks uses, whatever its name', () => {
    const config = { signing: 's-1', caller: 's-2', scope: 'read' }
    const verification = { type: 'basic', secretKey: 'signing', basic: { passwordKey: 'caller' } }
    const definition = { ...definitionWith({ type: 'apikey', config }), webhook: { verification } }
    expect(publicDefinition(definition as unknown as Definition).auth.config).toEqual({
      signing: '',
      caller: '',
      scope: 'read',
    })
  })

  it('leaves a definition without config as it is', () => {
    const definition = definitionWith({ type: 'none' })
    expect(publicDefinition(definition)).toBe(definition)
  })
})
