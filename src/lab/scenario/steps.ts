/** What people do, step by step, as data: a browser is driven by it, and its actions are counted. Pure. */

export type Step =
  | { readonly do: 'open'; readonly url: string }
  | { readonly do: 'click'; readonly role: 'button'; readonly name: string; readonly exact?: boolean }
  | { readonly do: 'click-text'; readonly within: string; readonly text: string }
  | { readonly do: 'type'; readonly label: string; readonly text: string }
  | { readonly do: 'search'; readonly text: string }
  | { readonly do: 'write'; readonly label: string; readonly text: string }
  | { readonly do: 'see'; readonly text: string }
  | { readonly do: 'see-button'; readonly name: string }
  | { readonly do: 'see-bubble'; readonly text: string }
  | { readonly do: 'see-sent'; readonly text: string };

/** From an invitation to an account. */
export function joinSteps(options: { readonly url: string; readonly name: string }): Step[] {
  return [
    { do: 'open', url: options.url },
    { do: 'click', role: 'button', name: 'Join' },
    { do: 'type', label: 'Your name', text: options.name },
    { do: 'type', label: 'Choose a password', text: 'correct horse battery' },
    { do: 'click', role: 'button', name: 'Create account' },
    { do: 'see', text: 'It is quiet here' },
  ];
}

/** From an empty list to a message for somebody, who has to accept. */
export function firstMessageSteps(options: { readonly to: string; readonly text: string }): Step[] {
  return [
    { do: 'click', role: 'button', name: 'New chat' },
    { do: 'search', text: options.to },
    { do: 'click-text', within: '.panel-row', text: options.to },
    { do: 'write', label: 'Message', text: options.text },
    { do: 'see-sent', text: options.text },
  ];
}

/** What the other person does, who then reads it. */
export function acceptSteps(options: { readonly from: string; readonly text: string }): Step[] {
  return [
    { do: 'click-text', within: '.room-row', text: options.from },
    { do: 'click', role: 'button', name: 'Accept' },
    { do: 'see-bubble', text: options.text },
  ];
}

/** How many of them are a person's own doing. */
export function countActions(steps: readonly Step[]): number {
  return steps.filter((step) => !step.do.startsWith('see')).length;
}
