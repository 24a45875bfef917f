/** The events that a workspace's own server can be told of (specification 11), in words, and who may see what they hold. */
import type { Caller } from '../account/app-token.ts'
import type { Permission } from '../account/permission.ts'
import type { SubscribedAction } from '../db/notify-schema.ts'
import type { OUTBOX_EVENTS, OutboxType } from '../outbox/event.ts'

type ActionOf<Type extends OutboxType> = (typeof OUTBOX_EVENTS)[Type][number]

const LABELS: { [Type in OutboxType]: Record<ActionOf<Type>, string> } = {
  'core:customer': {
    create: 'Customer created',
    update: 'Customer updated',
    delete: 'Customer deleted',
    merge: 'Customers merged',
  },
  'ecommerce:order': { create: 'Order created', update: 'Order updated' },
  'ecommerce:abandonedCart': { create: 'Abandoned cart created', update: 'Abandoned cart updated' },
  'miniapps:install': {
    connected: 'App connected',
    disconnected: 'App disconnected',
    error: 'Connection of an app failed',
  },
  system: { ping: 'Ping' },
}

/** What reads the same things in the API: nobody is told what they may not look up. */
const READ_PERMISSIONS: Record<OutboxType, Permission | undefined> = {
  'core:customer': 'showCustomers',
  'ecommerce:order': 'showOrders',
  'ecommerce:abandonedCart': 'showOrders',
  'miniapps:install': 'showMiniAppsConnections',
  system: undefined,
}

/** Every event, by type. */
export const EVENT_CATALOGUE: readonly SubscribedAction[] = Object.entries(LABELS).flatMap(
  ([type, actions]) => Object.entries(actions).map(([action, label]) => ({ type, action, label })),
)

export const eventName = ({ type, action }: { type: string; action: string }) => `${type}.${action}`

const byName = new Map(EVENT_CATALOGUE.map((event) => [eventName(event), event]))

/** @param name `{type}.{action}` */
export function findEvent(name: string): SubscribedAction | undefined {
  return byName.get(name)
}

/** @returns the permission that the caller lacks for seeing events of this type */
export function lackedFor(caller: Pick<Caller, 'can'>, type: string): Permission | undefined {
  const permission = READ_PERMISSIONS[type as OutboxType]
  return permission === undefined || caller.can(permission) ? undefined : permission
}
