import { z } from 'zod'
import { filledText } from './text.ts'

export const trigger = z
  .strictObject({
    type: filledText().describe('Exactly `miniapps:` and the `ns` of the definition.'),
    event: filledText().describe('The exact text that `webhook.eventExtraction` produces.'),
    img: filledText().describe('Icon file name for the automation builder.'),
    icon: filledText().describe('Name of a Lucide icon.'),
    label: filledText().describe('What the automation builder shows.'),
    description: filledText().describe('When the trigger fires, in a sentence.'),
    isCustom: z.boolean().describe('`false` for ordinary triggers.'),
    sample: z.unknown().optional().describe('An example payload, shown in the builder and used by tests.'),
  })
  .meta({
    id: 'Trigger',
    description: 'An event of the provider that starts automations.',
    examples: [
      {
        type: 'miniapps:my-shop',
        event: 'order.created',
        img: 'my-shop.svg',
        icon: 'shopping-cart',
        label: 'Order created',
        description: 'A customer has ordered.',
        isCustom: false,
      },
    ],
  })
