// An Envoy asks for scopes with its first listener, takes the first response of them for all there are, and goes live. So
// that they can come in parts, a listener that nobody can connect to goes first, where an Envoy serves nothing yet and many
// are to come; the others follow once their scopes are there, and it leaves again.
import { create } from '@bufbuild/protobuf';
import { AddressSchema } from '@sluice/envoy-api/envoy/config/core/v3/address_pb.js';
import { ListenerSchema } from '@sluice/envoy-api/envoy/config/listener/v3/listener_pb.js';
import { RouterSchema } from '@sluice/envoy-api/envoy/extensions/filters/http/router/v3/router_pb.js';
import {
  type HttpConnectionManager,
  HttpConnectionManagerSchema,
} from '@sluice/envoy-api/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { managerFilter } from './http-connection-manager.ts';
import { pack } from './messages.ts';
import type { XdsSource } from './push-gates.ts';
import type { TypeChannel } from './type-channel.ts';
import type { XdsKind } from './type-urls.ts';
import { type XdsResource, xdsResource } from './xds-resource.ts';

/** No listener of the IR is called so: their keys have slashes. */
export const forerunnerName = 'sluice:forerunner';

/** From so many scopes on they come in parts: fewer are one response anyway. */
const manyScopes = 1_000;

/** @param specifier that of all connection managers: Envoy then keeps one subscription */
export function compileForerunner(specifier: HttpConnectionManager['routeSpecifier']): XdsResource {
  const manager = create(HttpConnectionManagerSchema, {
    statPrefix: 'forerunner',
    routeSpecifier: specifier,
    httpFilters: [
      {
        name: 'envoy.filters.http.router',
        configType: { case: 'typedConfig', value: pack(RouterSchema, {}) },
      },
    ],
  });
  const message = create(ListenerSchema, {
    name: forerunnerName,
    address: create(AddressSchema, {
      address: {
        case: 'socketAddress',
        value: { address: '127.0.0.1', portSpecifier: { case: 'portValue', value: 0 } },
      },
    }),
    bindToPort: false,
    filterChains: [
      {
        filters: [managerFilter(manager)],
      },
    ],
  });
  return xdsResource(
    { kind: 'listener', name: forerunnerName, uses: [], sources: [] },
    ListenerSchema,
    message,
  );
}

export interface ForerunnerOptions {
  readonly source: XdsSource;
  readonly channels: Readonly<Record<XdsKind, TypeChannel>>;
  /** See `RouteLayout.forerunner`. */
  readonly make: (() => XdsResource) | undefined;
}

/** The forerunner of one Envoy on one stream. */
export class Forerunner {
  readonly #options: ForerunnerOptions;
  #state: 'none' | 'sent' | 'refused' = 'none';

  constructor(options: ForerunnerOptions) {
    this.#options = options;
  }

  /** True where scopes may come in parts: no listener that serves is there yet. */
  get isAhead(): boolean {
    return this.#state === 'sent' && this.isNeeded;
  }

  /** The forerunner, where it is to be sent now. */
  take(): XdsResource | undefined {
    const { make } = this.#options;
    if (make === undefined || this.#state !== 'none' || !this.#isWanted) return undefined;
    this.#state = 'sent';
    return make();
  }

  /** True of a listener that has to wait until the Envoy asks for scopes, as it does with the forerunner. */
  holdsBack({ uses }: XdsResource): boolean {
    return this.isAhead && !this.#options.channels.scope.opened && uses.some(({ kind }) => kind === 'scope');
  }

  /** The Envoy does not want it: all goes as without. */
  refused(): void {
    this.#state = 'refused';
  }

  /** True where it has to stay: with the last listener that has scopes, an Envoy lets them go. */
  get isNeeded(): boolean {
    const { listener } = this.#options.channels;
    for (const { resource } of listener.held.values())
      if (resource?.uses.some(({ kind }) => kind === 'scope') === true) return false;
    return true;
  }

  /** An Envoy that is about to start waits with all listeners for the scopes, and must not go live with this one alone. */
  get #isWanted(): boolean {
    const { source, channels } = this.#options;
    const { listener, scope } = channels;
    if (listener.expectsAnswer || listener.held.size > 0 || scope.opened) return false;
    let scopes = 0;
    for (const _ of source.names('scope')) if (++scopes >= manyScopes) return true;
    return false;
  }
}
