// What Envoy itself answers says which error it is: a JSON body with a constant error code and message, Envoy's flags
// and details, and the request id to find it in the log by. No text of a request or of an object goes into a format.
import { create } from '@bufbuild/protobuf';
import {
  type LocalReplyConfig,
  LocalReplyConfigSchema,
  type ResponseMapper,
  ResponseMapperSchema,
} from '@sluice/envoy-api/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';

interface Reply {
  /** Envoy response flags, any of them. */
  readonly flags: readonly string[];
  readonly error: string;
  readonly message: string;
}

/** First match wins. Flags as Envoy's access log writes them. */
const replies: readonly Reply[] = [
  {
    flags: ['NR'],
    error: 'no_route',
    message: 'no route matches the host, path, method and headers of the request',
  },
  { flags: ['NC'], error: 'invalid_backend', message: 'the backend reference of the route is invalid' },
  { flags: ['UH'], error: 'no_endpoint', message: 'the backend has no ready endpoint' },
  { flags: ['UT'], error: 'upstream_timeout', message: 'the backend did not answer in time' },
  { flags: ['UF'], error: 'upstream_connect_failure', message: 'no connection to the backend could be made' },
  {
    flags: ['UC', 'UR'],
    error: 'upstream_reset',
    message: 'the backend ended the connection before it answered',
  },
  { flags: ['UPE'], error: 'upstream_protocol_error', message: 'the backend did not answer in valid HTTP' },
  { flags: ['UO'], error: 'upstream_overflow', message: 'too many requests to the backend are under way' },
  { flags: ['OM'], error: 'overloaded', message: 'the gateway is overloaded' },
  { flags: ['SI', 'DT'], error: 'request_timeout', message: 'the request took too long' },
  { flags: ['DPE'], error: 'bad_request', message: 'the request is not valid HTTP' },
];

const common = {
  details: '%RESPONSE_CODE_DETAILS%',
  flags: '%RESPONSE_FLAGS%',
  request_id: '%REQ(X-REQUEST-ID)%',
  status: '%RESPONSE_CODE%',
};

/** RFC 9457: an answer to a HEAD request has the type, too, and no body, which clients that see plain JSON try to read. */
const problem = { contentType: 'application/problem+json' } as const;

function mapper({ flags, error, message }: Reply): ResponseMapper {
  return create(ResponseMapperSchema, {
    filter: { filterSpecifier: { case: 'responseFlagFilter', value: { flags: [...flags] } } },
    bodyFormatOverride: { ...problem, format: { case: 'jsonFormat', value: { ...common, error, message } } },
  });
}

/** The answers of every connection manager. What no mapper knows (an answer of a rule itself, a refused path) carries its own text. */
export const localReplies: LocalReplyConfig = create(LocalReplyConfigSchema, {
  mappers: replies.map(mapper),
  bodyFormat: {
    ...problem,
    format: { case: 'jsonFormat', value: { ...common, error: 'refused', message: '%LOCAL_REPLY_BODY%' } },
  },
});
