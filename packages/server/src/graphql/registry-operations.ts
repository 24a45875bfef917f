/** Ours, for operators: registering definitions. */
import { followPublishedVersion } from '../install/follow-version.ts'
import { logRegistration, registerDefinition } from '../registry/register.ts'
import { builder } from './builder.ts'

builder.mutationField('registerMiniApp', (t) =>
  t.field({
    type: 'JSON',
    permission: 'operate',
    description:
      'Registers and publishes a definition. Answers { ns, version, versionId, outcome, installsMoved, findings, changes }; an invalid one is refused with its findings. `changes` is what differs from the version published before, each with kind (breaking, additive, cosmetic), code, path, in and reason; a version that breaks the one before and does not say so by its number is refused with them.',
    args: { definition: t.arg({ type: 'JSON', required: true }) },
    resolve: async (_root, { definition }, { context }) => {
      const registration = await registerDefinition(context, definition)
      logRegistration(context, registration)
      const installsMoved = await followPublishedVersion(context, registration.ns)
      return { ...registration, installsMoved }
    },
  }),
)
