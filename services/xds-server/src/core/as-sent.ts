// Host and path as the client sent them: Envoy's own log has what a rewrite made of them, since a route changes the
// headers of the request in place. A filter before all others notes them where only the access log looks.
import { create } from '@bufbuild/protobuf';
import { FilterStateValueSchema } from '@sluice/envoy-api/envoy/extensions/filters/common/set_filter_state/v3/value_pb.js';
import { ConfigSchema } from '@sluice/envoy-api/envoy/extensions/filters/http/set_filter_state/v3/set_filter_state_pb.js';
import {
  type HttpFilter,
  HttpFilterSchema,
} from '@sluice/envoy-api/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { pack } from './messages.ts';

/** What is noted: a command of Envoy's formats with its parameter. */
const noted = {
  host: { command: 'REQ', param: ':AUTHORITY' },
  path: { command: 'PATH', param: 'NQ:PATH' },
} as const;

function stateKey(name: keyof typeof noted): string {
  return `sluice.${name}`;
}

function note(name: keyof typeof noted) {
  const { command, param } = noted[name];
  const inlineString = `%${command}(${param})%`;
  return create(FilterStateValueSchema, {
    key: { case: 'objectKey', value: stateKey(name) },
    factoryKey: 'envoy.string',
    value: {
      case: 'formatString',
      value: {
        format: {
          case: 'textFormatSource',
          value: { specifier: { case: 'inlineString', value: inlineString } },
        },
      },
    },
    skipIfEmpty: true,
  });
}

/** Goes before every other filter of a connection manager. */
export const asSentFilter: HttpFilter = create(HttpFilterSchema, {
  name: 'sluice.as-sent',
  configType: {
    case: 'typedConfig',
    value: pack(ConfigSchema, { onRequestHeaders: [note('host'), note('path')] }),
  },
});

/** The format of a log for what was noted. A request that is refused before any filter sees it has not been rewritten. */
export function asSent(name: keyof typeof noted): string {
  const operators = [{ command: 'FILTER_STATE', param: `${stateKey(name)}:PLAIN` }, noted[name]];
  return `%COALESCE(${JSON.stringify({ operators })})%`;
}
