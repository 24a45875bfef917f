import { expect, test } from 'vitest'
import { callbackProblem, isSecure } from './callback-origin.ts'

test.each<[string, string | undefined, { secure: boolean; works: boolean }]>([
  ['http://localhost:4000', undefined, { secure: false, works: true }],
  ['http://127.0.0.1:4000', undefined, { secure: false, works: true }],
  ['http://[::1]:4000', undefined, { secure: false, works: true }],
  ['https://api.example.com', undefined, { secure: true, works: true }],
  ['http://api.example.com', undefined, { secure: false, works: false }],
  ['http://10.0.0.1', undefined, { secure: false, works: false }],
  ['http://api.example.com', 'https://connect.example.com', { secure: true, works: true }],
  ['https://{subdomain}.example.com', 'http://connect.example.com', { secure: false, works: false }],
])('callbacks of %s with OAUTH_BASE_URL %s', (saasApiUrl, oauthBaseUrl, { secure, works }) => {
  const config = { saasApiUrl, oauthBaseUrl }
  expect(isSecure(config)).toBe(secure)
  const problem = callbackProblem(config)
  expect(problem === undefined).toBe(works)
  if (problem) expect(problem).toContain(oauthBaseUrl ?? saasApiUrl)
})
