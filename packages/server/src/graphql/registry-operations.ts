/** Ours, for operators: registering definitions. */
import { followPublishedVersion } from '../install/follow-version.ts'
import { registerDefinition } from '../registry/register.ts'
import { builder } from './builder.ts'

builder.mutationField('registerMiniApp', (t) =>
  t.field({
    type: 'JSON',
    permission: 'operate',
    description:
      'Registers and publishes a definition. Answers { ns, version, versionId, outcome, installsMoved, findings }; an invalid one is refused with its findings.',
    args: { definition: t.arg({ type: 'JSON', required: true }) },
    resolve: async (_root, { definition }, { context }) => {
      const registration = await registerDefinition(context, definition)
      const installsMoved = await followPublishedVersion(context, registration.ns)
      return { ...registration, installsMoved }
    },
  }),
)
