import { describe, expect, it } from 'vitest'
import { compileHeaders, encodeBasicPair } from './header.ts'
import { createCredentialScope, createInputScope } from './scope.ts'

const scopes = {
  input: createInputScope({
    input: {
      n: 3,
      list: [1, 2],
      nul: null,
      empty: '',
      arabic: 'مرحبا',
      latin: 'café',
      lf: 'a\nb',
      nulByte: 'a\0',
      bell: 'a\u0007',
    },
    outputs: {},
    userInput: {},
    metadata: {},
    system: {},
  }),
  credential: createCredentialScope({
    credentials: {
      user: 'ck_1',
      pass: 'cs:2',
      token: 't',
      unicode: 'pässword',
      split: 'a\r\nX: 1',
      pair: 'u:p',
    },
    metadata: {},
    config: {},
  }),
}

const render = (headers: Record<string, string>) => compileHeaders(headers, '/headers').render(scopes)

describe('compileHeaders', () => {
  const cases: [name: string, headers: Record<string, string>, expected: Record<string, string>][] = [
    ['numbers become text', { 'X-N': '{{n}}' }, { 'X-N': '3' }],
    ['lists become compact JSON', { 'X-L': '{{list}}' }, { 'X-L': '[1,2]' }],
    ['a whole null is left out', { 'X-A': '{{nul}}', 'X-B': '1' }, { 'X-B': '1' }],
    ['an empty text is sent', { 'X-A': '{{empty}}' }, { 'X-A': '' }],
    ['a part that does not resolve is empty', { 'X-A': 'v{{nope}}' }, { 'X-A': 'v' }],
    ['Latin-1 passes', { 'X-A': '{{latin}}' }, { 'X-A': 'café' }],
    [
      'a Basic pair in UTF-8',
      { Authorization: 'Basic [[user]]:[[unicode]]' },
      { Authorization: 'Basic Y2tfMTpww6Rzc3dvcmQ=' },
    ],
    ['a Basic pair in one placeholder', { Authorization: 'Basic [[pair]]' }, { Authorization: 'Basic dTpw' }],
    ['a constant Basic pair', { AUTHORIZATION: 'Basic u:p' }, { AUTHORIZATION: 'Basic dTpw' }],
    ['Basic in another header is left alone', { 'X-A': 'Basic u:p' }, { 'X-A': 'Basic u:p' }],
    [
      'a colon in another scheme is left alone',
      { Authorization: 'Bearer [[pair]]' },
      { Authorization: 'Bearer u:p' },
    ],
  ]
  it.each(cases)('%s', (_name, headers, expected) => {
    expect(render(headers)).toStrictEqual(expected)
  })

  const refused: [name: string, template: string, code: string, words: string[]][] = [
    ['a line feed', '{{lf}}', 'VALIDATION_ERROR', ['{{lf}}', 'the header "X-A"']],
    ['CR and LF of a credential', 'v [[split]]', 'VALIDATION_ERROR', ['[[split]]', 'the header "X-A"']],
    ['NUL', '{{nulByte}}', 'VALIDATION_ERROR', ['{{nulByte}}']],
    ['another control character', '{{bell}}', 'VALIDATION_ERROR', ['the header "X-A"']],
    ['what no header byte can say', '{{arabic}}', 'VALIDATION_ERROR', ['the header "X-A"']],
    ['a missing credential', '[[nope]]', 'NOT_CONFIGURED', ['[[nope]]', 'the header "X-A"']],
  ]
  it.each(refused)('%s is refused', (_name, template, code, words) => {
    let error: unknown
    try {
      render({ 'X-A': template })
    } catch (thrown) {
      error = thrown
    }
    expect(error).toMatchObject({ code, path: '/headers/X-A' })
    for (const word of words) expect((error as Error).message).toContain(word)
  })

  it('refuses a split Basic pair before it is encoded', () => {
    expect(() => render({ Authorization: 'Basic [[user]]:[[split]]' })).toThrow(
      expect.objectContaining({ code: 'VALIDATION_ERROR' }),
    )
  })

  it('names the headers that hold a credential, in lower case', () => {
    const { credentialHeaders, placeholders } = compileHeaders(
      { 'X-Api-Key': '[[token]]', 'X-N': '{{n}}' },
      '/headers',
    )
    expect(credentialHeaders).toEqual(['x-api-key'])
    expect(placeholders.map(({ pointer, place }) => [pointer, place])).toEqual([
      ['/headers/X-Api-Key', 'header'],
      ['/headers/X-N', 'header'],
    ])
  })
})

describe('encodeBasicPair', () => {
  it.each([
    ['Basic a:b', 'Basic YTpi'],
    ['basic a:b', 'basic YTpi'],
    ['Basic a:', 'Basic YTo='],
    ['Basic :b', 'Basic OmI='],
    ['Basic QWxhZGRpbg==', 'Basic QWxhZGRpbg=='],
    ['Basic', 'Basic'],
    ['Digest a:b', 'Digest a:b'],
    ['Basic a:b:c', 'Basic YTpiOmM='],
  ])('%s → %s', (value, encoded) => {
    expect(encodeBasicPair(value)).toBe(encoded)
  })

  it('takes pairs of any length', () => {
    const pair = `user:${'€'.repeat(100_000)}`
    expect(Buffer.from(encodeBasicPair(`Basic ${pair}`).slice(6), 'base64').toString()).toBe(pair)
  })
})
