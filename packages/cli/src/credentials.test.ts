import { describe, expect, it } from 'vitest'
import { CliError } from './cli-error.ts'
import { credentialVariable, givenCredentials } from './credentials.ts'

const read = (
  pairs: string[],
  env: Record<string, string> = {},
  names = ['accessToken', 'api_key', 'shop-url'],
) => givenCredentials(pairs, names, { env, ns: 'shop' })

it.each([
  ['accessToken', 'MINIAPPS_CREDENTIAL_ACCESS_TOKEN'],
  ['api_key', 'MINIAPPS_CREDENTIAL_API_KEY'],
  ['shop-url', 'MINIAPPS_CREDENTIAL_SHOP_URL'],
  ['key2', 'MINIAPPS_CREDENTIAL_KEY2'],
])('%s is given as %s', (name, variable) => {
  expect(credentialVariable(name)).toBe(variable)
  expect(read([], { [variable]: 'x' }, [name])).toEqual({ [name]: 'x' })
})

it('takes a variable without underscores as well, and no empty one', () => {
  expect(read([], { MINIAPPS_CREDENTIAL_ACCESSTOKEN: 'x', MINIAPPS_CREDENTIAL_API_KEY: '' })).toEqual({
    accessToken: 'x',
  })
})

it('ignores variables of other apps', () => {
  expect(read([], { MINIAPPS_CREDENTIAL_BOT_TOKEN: 'x', PATH: '/bin' })).toEqual({})
})

it('lets the command line win, and keeps further equal signs', () => {
  expect(read(['accessToken=a=b=='], { MINIAPPS_CREDENTIAL_ACCESS_TOKEN: 'x' })).toEqual({
    accessToken: 'a=b==',
  })
})

describe('says what is wrong without repeating a value', () => {
  it.each([
    ['no key', ['ghp_secret'], /not of the form key=value/],
    ['an empty key', ['=ghp_secret'], /not of the form key=value/],
    ['which of several', ['accessToken=x', 'ghp_secret'], /--credential at place 2/],
    ['a key that the app does not know', ['token=ghp_secret'], /no credential "token".*accessToken, api_key/],
  ])('%s', (_name, pairs, message) => {
    expect(() => read(pairs)).toThrow(CliError)
    expect(() => read(pairs)).toThrow(message)
    expect(() => read(pairs)).not.toThrow(/ghp_secret/)
  })
})
