import type { SeedConfig } from 'emulate'
import { callJson, type Json } from './call-json.ts'

const GITHUB_TOKEN = 'github_pat_stand_in'

const GITHUB_USER = { login: 'ada', name: 'Ada Lovelace', email: 'ada@example.com' }
const REPOSITORY = 'ada/storefront'
const PRIVATE_REPOSITORY = 'ada/ledger'
const LABELS = [
  { name: 'bug', color: 'd73a4a', description: 'Something is not working' },
  { name: 'customer report', color: '0075ca', description: 'Came in through a conversation' },
  { name: 'question', color: 'd876e3', description: 'Further information is requested' },
] as const
const BRANCH = 'checkout-fix'
const MILESTONE = 'Autumn release'
const ISSUE = {
  title: 'The cart loses its coupon',
  body: 'A customer wrote that the coupon is gone after signing in.',
}

export interface GithubSeed {
  token: string
  user: { login: string; name: string }
  /** Public, `owner/name`; has the labels, milestone, branches and issue below, and a README.md. */
  repository: string
  privateRepository: string
  labels: string[]
  branches: string[]
  milestone: { number: number; title: string }
  issue: { number: number; title: string }
}

export function githubSeed(): SeedConfig {
  const [owner, name] = REPOSITORY.split('/')
  const [, privateName] = PRIVATE_REPOSITORY.split('/')
  return {
    tokens: { [GITHUB_TOKEN]: { login: GITHUB_USER.login, scopes: ['repo', 'user', 'workflow'] } },
    github: {
      users: [GITHUB_USER],
      repos: [
        { owner, name, description: 'The shop that customers see', language: 'TypeScript' },
        { owner, name: privateName, description: 'The books', private: true },
      ],
    },
  }
}

/** Adds what the seed of the stand-in has no words for, over its own HTTP interface. */
export async function fillGithub(origin: string): Promise<GithubSeed> {
  const repository = `${origin}/repos/${REPOSITORY}`
  const call = (method: string, url: string, body?: unknown) =>
    callJson({ method, url, token: GITHUB_TOKEN, body })
  for (const label of LABELS) await call('POST', `${repository}/labels`, label)
  const main = await call('GET', `${repository}/git/ref/heads/main`)
  await call('POST', `${repository}/git/refs`, {
    ref: `refs/heads/${BRANCH}`,
    sha: (main.object as Json).sha,
  })
  const milestone = await call('POST', `${repository}/milestones`, { title: MILESTONE })
  const issue = await call('POST', `${repository}/issues`, { ...ISSUE, labels: ['customer report'] })
  return {
    token: GITHUB_TOKEN,
    user: { login: GITHUB_USER.login, name: GITHUB_USER.name },
    repository: REPOSITORY,
    privateRepository: PRIVATE_REPOSITORY,
    labels: LABELS.map((label) => label.name),
    branches: ['main', BRANCH],
    milestone: { number: milestone.number as number, title: MILESTONE },
    issue: { number: issue.number as number, title: ISSUE.title },
  }
}
