// The part of a connection manager that finds scopes: the key builder, the headers it reads, and the scripts.
import { create } from '@bufbuild/protobuf';
import {
  type HeaderMutation,
  HeaderMutationSchema,
} from '@sluice/envoy-api/envoy/config/common/mutation_rules/v3/mutation_rules_pb.js';
import { HeaderValueOption_HeaderAppendAction } from '@sluice/envoy-api/envoy/config/core/v3/base_pb.js';
import { LuaSchema } from '@sluice/envoy-api/envoy/extensions/filters/http/lua/v3/lua_pb.js';
import {
  type HttpConnectionManager,
  type HttpFilter,
  HttpFilterSchema,
  ScopedRoutesSchema,
} from '@sluice/envoy-api/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import type { IrListener, IrServer } from '@sluice/ir';
import { fromAds, pack } from './messages.ts';
import type { RouteFinder } from './route-layout.ts';
import { listenerPart, rootPath, scopeHeaders } from './scope-key.ts';
import { type ScopeScript, scopeScripts, scriptName } from './scope-scripts.ts';

/** The finder of a connection manager; `server` is null for HTTP. */
export function scopeFinder(listener: IrListener, server: IrServer | null): RouteFinder {
  return {
    specifier: scopeSpecifier(),
    mutations: [
      ...overwrite(scopeHeaders.host, `${literal(listenerPart(listener.key))}%REQ(:AUTHORITY)%`),
      ...overwrite(scopeHeaders.path, rootPath),
      ...(server === null ? [] : overwrite(scopeHeaders.server, literal(server.name))),
    ],
    filters: scopeScripts(listener).flatMap((script) =>
      Array.from({ length: script.filters }, () => filter(script)),
    ),
  };
}

/** The same for every connection manager: Envoy then keeps one subscription. */
export function scopeSpecifier(): HttpConnectionManager['routeSpecifier'] {
  const value = create(ScopedRoutesSchema, {
    name: 'sluice',
    scopeKeyBuilder: { fragments: [headerFragment(scopeHeaders.host), headerFragment(scopeHeaders.path)] },
    rdsConfigSource: fromAds(),
    configSpecifier: { case: 'scopedRds', value: { scopedRdsConfigSource: fromAds() } },
  });
  return { case: 'scopedRoutes', value };
}

function headerFragment(name: string) {
  const extractType = { case: 'index', value: 0 } as const;
  return { type: { case: 'headerValueExtractor', value: { name, extractType } } } as const;
}

/** Whatever a client sends under the name is gone first: a script would see all values of it. */
function overwrite(key: string, value: string): HeaderMutation[] {
  const { OVERWRITE_IF_EXISTS_OR_ADD } = HeaderValueOption_HeaderAppendAction;
  return [
    create(HeaderMutationSchema, { action: { case: 'remove', value: key } }),
    create(HeaderMutationSchema, {
      action: {
        case: 'append',
        value: { header: { key, value }, appendAction: OVERWRITE_IF_EXISTS_OR_ADD },
      },
    }),
  ];
}

/** Text inside a format. */
function literal(text: string): string {
  return text.replaceAll('%', '%%');
}

function filter({ name, code, always }: ScopeScript): HttpFilter {
  const source = { specifier: { case: 'inlineString', value: code } } as const;
  const lua = always ? { defaultSourceCode: source } : { sourceCodes: { [scriptName]: source } };
  return create(HttpFilterSchema, {
    name,
    configType: { case: 'typedConfig', value: pack(LuaSchema, lua) },
  });
}
