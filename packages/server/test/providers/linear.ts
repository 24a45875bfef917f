import type { SeedConfig } from 'emulate'
import { callJson, type Json } from './call-json.ts'

const LINEAR_TOKEN = 'lin_api_stand_in'
const APP = { clientId: 'lin_client_of_the_stand_in', clientSecret: 'lin_secret_of_the_stand_in' }

const ORGANIZATION = { name: 'Storefront', url_key: 'storefront' }
const USERS = [
  { email: 'ada@example.com', name: 'Ada Lovelace', admin: true },
  { email: 'omar@example.com', name: 'Omar Khayyam' },
] as const
const TEAM = { key: 'SHOP', name: 'Shop' }
const STATES = ['Backlog', 'Todo', 'In Progress', 'Done'] as const
const LABELS = ['Bug', 'Customer report'] as const
const PROJECT = 'Checkout'
const ISSUE = {
  title: 'The cart loses its coupon',
  description: 'A customer wrote that the coupon is gone after signing in.',
}

export interface LinearSeed {
  /** A personal key of ada's with all scopes, to look at what is there from outside. */
  token: string
  /** The OAuth application; actions ask for scopes strictly. */
  app: { clientId: string; clientSecret: string }
  organization: { name: string }
  /** By name: `ada` (an admin), `omar`. */
  users: Record<string, { id: string; name: string; email: string }>
  team: { id: string; name: string }
  /** Ids by name, of the team: `Todo`, `Done` … */
  states: Record<string, string>
  labels: Record<string, string>
  project: { id: string; name: string }
  issue: { identifier: string; title: string }
}

/** @param redirectUris of the OAuth application; the stand-in compares origin and path */
export function linearSeed(redirectUris: string[]): SeedConfig {
  return {
    linear: {
      organization: ORGANIZATION,
      users: USERS,
      teams: [{ ...TEAM, states: STATES.map((name) => ({ name })) }],
      labels: LABELS.map((name) => ({ name, team: TEAM.key })),
      projects: [{ name: PROJECT, team: TEAM.key }],
      issues: [{ ...ISSUE, team: TEAM.key, state: 'Todo', labels: ['Bug'] }],
      oauth_apps: [
        {
          client_id: APP.clientId,
          client_secret: APP.clientSecret,
          name: 'MiniApps',
          redirect_uris: redirectUris,
          scopes: ['read', 'write', 'admin'],
          actor: 'user',
        },
      ],
      tokens: [{ token: LINEAR_TOKEN, user: 'ada@example.com' }],
      strict_scopes: true,
    },
  }
}

interface Named {
  id: string
  name: string
}

/** Learns the ids that the stand-in gave. */
export async function fillLinear(origin: string): Promise<LinearSeed> {
  const { data } = await callJson({
    method: 'POST',
    url: `${origin}/graphql`,
    token: LINEAR_TOKEN,
    body: {
      query: `{ users { nodes { id name email } } teams { nodes { id key name
        states { nodes { id name } } labels { nodes { id name } } projects { nodes { id name } }
        issues { nodes { identifier title } } } } }`,
    },
  })
  const { users, teams } = data as {
    users: { nodes: (Named & { email: string })[] }
    teams: { nodes: (Named & Record<'states' | 'labels' | 'projects', { nodes: Named[] }> & Json)[] }
  }
  const team = teams.nodes.find(({ name }) => name === TEAM.name)
  const [project] = team?.projects.nodes ?? []
  const [issue] = (team?.issues as { nodes: LinearSeed['issue'][] } | undefined)?.nodes ?? []
  if (!team || !project || !issue) throw new Error('The Linear stand-in did not take its seed.')
  const known = USERS.map(({ email }) => users.nodes.find((user) => user.email === email))
  return {
    token: LINEAR_TOKEN,
    app: APP,
    organization: { name: ORGANIZATION.name },
    users: Object.fromEntries(known.flatMap((user) => (user ? [[user.email.split('@')[0], user]] : []))),
    team: { id: team.id, name: team.name },
    states: idsByName(team.states.nodes),
    labels: idsByName(team.labels.nodes),
    project,
    issue,
  }
}

const idsByName = (nodes: Named[]) => Object.fromEntries(nodes.map(({ id, name }) => [name, id]))
