import { describe, expect, it } from 'vitest'
import { readConfig } from '../config.ts'
import {
  type AddressedRequest,
  isPlatformAddress,
  publicOrigin,
  routePrefix,
  subdomainOf,
  workspaceUrl,
} from './address.ts'

function configOf(saasApiUrl: string) {
  const env = { SAAS_API_URL: saasApiUrl, OAUTH_BASE_URL: 'https://connect.example.com' }
  return readConfig(env, { terminal: false, workingDirectory: '/' })
}

const single = 'http://localhost:4000'
const hosts = 'https://{subdomain}.api.example.com:8443'
const paths = 'https://api.example.com/w/{subdomain}'
const deep = 'https://example.com/miniapps/w/{subdomain}'

describe('the workspace of a request', () => {
  it.each<[string, string, AddressedRequest, string | undefined]>([
    ['is not named in the single mode', single, { hostname: 'acme.localhost' }, undefined],
    ['is the first label of the host', hosts, { hostname: 'acme.api.example.com' }, 'acme'],
    ['is read in any case', hosts, { hostname: 'ACME.Api.Example.com' }, 'acme'],
    ['is not the host without a label', hosts, { hostname: 'api.example.com' }, undefined],
    ['is not an empty label', hosts, { hostname: '.api.example.com' }, undefined],
    ['is not two labels', hosts, { hostname: 'a.b.api.example.com' }, undefined],
    ['is not in a foreign host', hosts, { hostname: 'acme.api.example.com.evil.test' }, undefined],
    ['is not in a host that only ends alike', hosts, { hostname: 'acmeapi.example.com' }, undefined],
    ['is the parameter of the path', paths, { hostname: 'x', params: { subdomain: 'acme' } }, 'acme'],
    ['is not named by a path without it', paths, { hostname: 'acme.api.example.com' }, undefined],
  ])('%s', (_name, url, request, expected) => {
    expect(subdomainOf(configOf(url), request)).toBe(expected)
  })
})

describe('the address of the platform', () => {
  const connect = 'https://connect.example.com'
  const acme = { hostname: 'x', params: { subdomain: 'acme' } }
  it.each<[string, string, AddressedRequest, { is: boolean; origin: string }]>([
    ['is that of the only workspace', single, { hostname: 'localhost' }, { is: true, origin: single }],
    ['is the host of callbacks', hosts, { hostname: 'Connect.example.com' }, { is: true, origin: connect }],
    [
      'is no host of a workspace',
      hosts,
      { hostname: 'acme.api.example.com' },
      { is: false, origin: 'https://acme.api.example.com:8443' },
    ],
    ['is a path without a workspace', paths, { hostname: 'x' }, { is: true, origin: connect }],
    ['is no path of a workspace', paths, acme, { is: false, origin: 'https://api.example.com' }],
  ])('%s', (_name, url, request, expected) => {
    const config = configOf(url)
    expect({ is: isPlatformAddress(config, request), origin: publicOrigin(config, request) }).toEqual(
      expected,
    )
  })
})

describe('the address of a workspace', () => {
  it.each([
    [single, 'http://localhost:4000', ''],
    [hosts, 'https://acme.api.example.com:8443', ''],
    [paths, 'https://api.example.com/w/acme', '/w/:subdomain'],
    [deep, 'https://example.com/miniapps/w/acme', '/miniapps/w/:subdomain'],
    ['https://example.com/miniapps', 'https://example.com/miniapps', '/miniapps'],
  ])('under %s is %s, its routes are mounted at "%s"', (template, url, prefix) => {
    expect(workspaceUrl(configOf(template), 'acme')).toBe(url)
    expect(routePrefix(configOf(template))).toBe(prefix)
  })
})
