import { describe, expect, it } from 'vitest'
import { type ProviderLimit, readProviderLimit } from './provider-limit.ts'

const NOW = Date.UTC(2026, 0, 1)
const SECONDS = NOW / 1000

describe("a provider's limit", () => {
  it.each<[string, Record<string, string>, ProviderLimit]>([
    [
      'the draft of today',
      { ratelimit: '"default";r=50;t=30', 'ratelimit-policy': '"default";q=100;w=60' },
      { limit: 100, remaining: 50, resetMs: 30_000, windowMs: 60_000 },
    ],
    [
      'the tightest of several',
      {
        ratelimit: '"day";r=900;t=4000, "burst";r=3;t=1',
        'ratelimit-policy': '"day";q=1000;w=86400, "burst";q=10;w=1',
      },
      { limit: 10, remaining: 3, resetMs: 1_000, windowMs: 1_000 },
    ],
    [
      'one header in members',
      { ratelimit: 'limit=100, remaining=50, reset=5', 'ratelimit-policy': '100;w=10' },
      { limit: 100, remaining: 50, resetMs: 5_000, windowMs: 10_000 },
    ],
    [
      'three headers with seconds from now',
      { 'ratelimit-limit': '10, 10;w=1', 'ratelimit-remaining': '7', 'ratelimit-reset': '1' },
      { limit: 10, remaining: 7, resetMs: 1_000, windowMs: 1_000 },
    ],
    [
      'GitHub: a moment in seconds',
      {
        'x-ratelimit-limit': '5000',
        'x-ratelimit-remaining': '4999',
        'x-ratelimit-reset': String(SECONDS + 3600),
        'x-ratelimit-resource': 'core',
      },
      { limit: 5000, remaining: 4999, resetMs: 3_600_000 },
    ],
    [
      'a moment in milliseconds',
      { 'x-ratelimit-limit': '60', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW + 250) },
      { limit: 60, remaining: 0, resetMs: 250 },
    ],
    [
      'a date',
      { 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': '2026-01-01T00:00:10Z' },
      { remaining: 0, resetMs: 10_000 },
    ],
    [
      'a moment that has passed',
      { 'x-ratelimit-remaining': '3', 'x-ratelimit-reset': String(SECONDS - 5) },
      { remaining: 3, resetMs: 0 },
    ],
    [
      'Shopify: a bucket that leaks',
      { 'x-shopify-shop-api-call-limit': '32/40' },
      { limit: 40, remaining: 8, resetMs: 500, windowMs: 20_000 },
    ],
    [
      'HubSpot: an interval in milliseconds',
      {
        'x-hubspot-ratelimit-max': '100',
        'x-hubspot-ratelimit-remaining': '42',
        'x-hubspot-ratelimit-interval-milliseconds': '10000',
      },
      { limit: 100, remaining: 42, resetMs: 10_000, windowMs: 10_000 },
    ],
  ])('is read as %s', (_name, headers, limit) => {
    expect(readProviderLimit(headers, NOW)).toEqual(limit)
  })

  it.each<[string, Record<string, string>]>([
    ['nothing', {}],
    [
      'a resource apart',
      { 'x-ratelimit-limit': '30', 'x-ratelimit-remaining': '0', 'x-ratelimit-resource': 'search' },
    ],
    ['words', { 'x-ratelimit-limit': 'many', 'x-ratelimit-remaining': 'enough' }],
    ['an empty bucket', { 'x-shopify-shop-api-call-limit': '0/0' }],
  ])('is unknown where the answer says %s', (_name, headers) => {
    expect(readProviderLimit(headers, NOW)).toBeUndefined()
  })

  it('of less than one request is none', () => {
    expect(readProviderLimit({ 'x-ratelimit-limit': '0', 'x-ratelimit-remaining': '0' }, NOW)).toEqual({
      remaining: 0,
    })
  })
})
