/** The security-relevant acts that the audit log keeps, `noun.verb`, with what an entry says. */
export const ACTS = {
  'workspace.made': 'A workspace was made.',
  'link.made':
    "A one-time sign-in link of the workspace's owner was made; earlier unused ones stopped working.",
  'link.used': 'A one-time sign-in link was traded for a token.',
  'token.made': 'An app token was made; `details` names what it may do.',
  'token.changed':
    'An app token was renamed, switched off or on, or its expiry moved; `details` names what changed.',
  'token.removed': 'An app token was removed.',
  'app.installed': 'An app was installed.',
  'app.connected': 'An account was connected.',
  'app.refreshed': 'Somebody asked for the tokens of a connection to be refreshed.',
  'app.disconnected': 'A connected account was forgotten and its credentials deleted.',
  'app.uninstalled': 'An app was taken out of the workspace and its credentials deleted.',
  'app.suspended': 'The operator suspended an app in the workspace.',
  'app.resumed': 'The operator lifted the suspension of an app in the workspace.',
  'secret.rotated': "The secret that signs an app's webhooks was replaced.",
  'app.configured':
    "Platform: an app's config overrides were changed; `details` names the keys, never a value.",
  'customers.merged':
    'Customers were merged into one, the subject; `details` holds the ids that are no more.',
  'customers.removed': 'Customers were removed; `details` holds how many, and ids of them.',
  'tag.removed':
    'A tag was removed, the subject, and taken off all that carried it; `details` holds its name.',
  'tag.merged':
    'A tag was merged into another one, the subject; `details` holds the id and the name that are no more.',
  'webhook.added':
    'A server of the workspace was subscribed to events; `details` names its address and the events.',
  'webhook.changed': 'A subscription to events was changed or switched; `details` names what changed.',
  'webhook.rotated': 'A subscription to events got a new secret; the old one counts for another day.',
  'webhook.removed': 'A subscription to events was removed, with its log.',
  'definition.registered': 'Platform: a version of a definition was registered and published.',
  'key.rotated': 'Platform: the master key was replaced; `details` holds fingerprints, never a key.',
} as const satisfies Record<string, string>

export type ActKind = keyof typeof ACTS

export function isActKind(text: string): text is ActKind {
  return Object.hasOwn(ACTS, text)
}
