// Ingresses by the Gateway that they become. In: Ingresses and IngressClasses of some files; out: one group for each
// dedicated Ingress and one for each class whose Ingresses share an address. Within a group the older goes first, then
// namespace/name, as the translator has it.
import type { Origin } from '@sluice/events';
import { compareText, type ObjectRef } from '@sluice/ir';
import {
  type Ingress,
  type IngressClass,
  type IngressSettings,
  isDefaultClass,
  namedIngressClass,
  newestClass,
  objectRefOf,
  readIngressSettings,
  type Service,
} from '@sluice/kinds';

/** What is converted. */
export interface ConversionInput {
  readonly ingresses: readonly { readonly ingress: Ingress; readonly origin: Origin }[];
  readonly classes: readonly IngressClass[];
  /** For ports that are named. */
  readonly services: readonly Service[];
  /** The GatewayClass of every Gateway; absent: that of the name of the IngressClass. */
  readonly className?: string;
  /** Where the Gateway of Ingresses that share one stands. */
  readonly sharedNamespace: string;
}

/** Something that has no equal, or an equal that must be known of. */
export interface ConversionNote {
  /** The object that it is about. */
  readonly ref: ObjectRef;
  readonly origin: Origin;
  /** Field path; the empty string for the object. */
  readonly path: string;
  readonly message: string;
}

/** An Ingress of a group. */
export interface Member {
  readonly ingress: Ingress;
  readonly origin: Origin;
  readonly settings: IngressSettings;
}

/** What becomes one Gateway. */
export interface IngressGroup {
  readonly namespace: string;
  readonly name: string;
  readonly gatewayClassName: string;
  readonly shared: boolean;
  /** Port for HTTP; undefined: none, since all its connections are passed through. */
  readonly httpPort: number | undefined;
  readonly members: readonly Member[];
}

/** The GatewayClass where neither the Ingress nor a default class says one. */
const fallbackClass = 'sluice';

/** Groups in the order of their first members in the files. */
export function groupsOf(input: ConversionInput): { groups: IngressGroup[]; notes: ConversionNote[] } {
  const notes: ConversionNote[] = [];
  const groups = new Map<string, IngressGroup & { members: Member[] }>();
  for (const { ingress, origin } of input.ingresses) {
    const named =
      namedIngressClass(ingress) ?? newestClass(input.classes.filter(isDefaultClass))?.metadata.name;
    if (named === undefined)
      notes.push(
        noteOf(
          { ingress, origin },
          'spec.ingressClassName',
          `names no class: GatewayClass ${input.className ?? fallbackClass} is taken`,
        ),
      );
    const found = input.classes.find(({ metadata }) => metadata.name === named);
    const settings = readIngressSettings(ingress.metadata.annotations, found?.metadata.annotations ?? {});
    const member = { ingress, origin, settings };
    const group = groupOf(member, named ?? fallbackClass, input);
    const key = `${group.namespace}/${group.name}/${group.shared}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, group);
    else known.members.push(member);
  }
  for (const { members } of groups.values()) members.sort(precedence);
  return { groups: [...groups.values()], notes };
}

function groupOf(
  member: Member,
  className: string,
  input: ConversionInput,
): IngressGroup & { members: Member[] } {
  const { ingress, settings } = member;
  const gatewayClassName = input.className ?? className;
  const shared = settings.mode === 'shared';
  return {
    namespace: shared ? input.sharedNamespace : ingress.metadata.namespace,
    name: shared ? `ingress-${className}` : ingress.metadata.name,
    gatewayClassName,
    shared,
    httpPort: shared ? 80 : settings.tlsPassthrough ? undefined : settings.httpPort,
    members: [member],
  };
}

function precedence({ ingress: a }: Member, { ingress: b }: Member): number {
  return (
    compareText(a.metadata.creationTimestamp, b.metadata.creationTimestamp) || compareText(keyOf(a), keyOf(b))
  );
}

function keyOf({ metadata }: Ingress): string {
  return `${metadata.namespace}/${metadata.name}`;
}

/** A note on an Ingress. */
export function noteOf(
  of: Pick<Member, 'ingress' | 'origin'>,
  path: string,
  message: string,
): ConversionNote {
  return { ref: objectRefOf(of.ingress), origin: of.origin, path, message };
}
