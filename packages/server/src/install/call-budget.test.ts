import { expect, it } from 'vitest'
import { declaredPace } from './call-budget.ts'

it.each<[string, Parameters<typeof declaredPace>[0], ReturnType<typeof declaredPace>]>([
  ['nothing', {}, undefined],
  ['a limit', { rateLimit: { requests: 100, perSeconds: 60 } }, { requests: 100, perMs: 60_000 }],
  [
    'the pace of its sync',
    { sync: { resources: {}, syncConfiguration: { rateLimitPerSecond: 2.5 } } },
    { requests: 2, perMs: 1_000 },
  ],
  [
    'a pace below one',
    { sync: { resources: {}, syncConfiguration: { rateLimitPerSecond: 0.3 } } },
    { requests: 1, perMs: 3_334 },
  ],
  [
    'both: the limit counts',
    {
      rateLimit: { requests: 5, perSeconds: 1 },
      sync: { resources: {}, syncConfiguration: { rateLimitPerSecond: 2 } },
    },
    { requests: 5, perMs: 1_000 },
  ],
])('a definition declares %s', (_name, definition, pace) => {
  expect(declaredPace(definition)).toEqual(pace)
})
