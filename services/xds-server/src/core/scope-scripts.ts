// The Lua by which Envoy finds the scope of a request where the first look misses. Constant text: nothing of an object
// is ever in it. A script may look at what a new key finds once (metadata() makes Envoy choose the route anew, a second
// call would not), so each does two steps, and the filter is repeated as often as the longest way takes.
// - host: where no scope is found. Lower case and without port first, then one label less each time, then `*`. Where a
//   wildcard is one label: that, then `*`; not that where the connection is of a wildcard that covers the host with more
//   labels: a new connection would be the same, and `*` is another server's.
// - path: where a scope says that its hostname is split. One segment deeper; back where there is no such scope.
// - leave: where nothing in a scope matches. One segment less; beyond the root to no scope at all, which is a 404 like
//   any other. So a hostname whose matches all fail never falls through to a wildcard.
import type { IrListener } from '@sluice/ir';
import { maxPathDepth, maxWildcardLabels, scopeHeaders } from './scope-key.ts';

/** Names of the filters; several may have one. Scopes switch them by these. */
export const scopeFilters = {
  host: 'sluice.scope.host',
  path: 'sluice.scope.path',
  leave: 'sluice.scope.leave',
} as const;

/** Name of the route that ends each scope. */
export const noMatchRoute = 'sluice:no-match';

/** One of a kind of script: how many filters the longest way takes, at two steps each (one for `path`). */
export interface ScopeScript {
  readonly name: string;
  readonly code: string;
  readonly filters: number;
  /** True where the script runs unless a scope says no; false where it runs only if a scope or route asks for it. */
  readonly always: boolean;
}

const lessSpecific = `
local function less_specific(host)
  local from = host:sub(1, 2) == "*." and 3 or 2
  local dots = {}
  for at in host:gmatch("()%.") do
    if at >= from then dots[#dots + 1] = at end
  end
  if #dots == 0 then return "*" end
  return "*" .. host:sub(dots[math.max(1, #dots - ${maxWildcardLabels - 1})])
end
`;

const lessSpecificOneLabel = `
local function less_specific(host, handle)
  local dots = {}
  for at in host:gmatch("()%.") do
    if at >= 2 then dots[#dots + 1] = at end
  end
  if host:sub(1, 2) == "*." or #dots == 0 then
    local server = handle:headers():get("${scopeHeaders.server}") or ""
    local name = handle:headers():get(":authority"):lower()
    name = name:match("^(.*):[^%]:]*$") or name
    local suffix = server:sub(1, 2) == "*." and server:sub(2) or name .. "."
    if #name > #suffix and name:sub(-#suffix) == suffix then return nil end
    return "*"
  end
  return "*" .. host:sub(dots[math.max(1, #dots - ${maxWildcardLabels - 1})])
end
`;

const host = (less: string): string => `${less}
function envoy_on_request(handle)
  local headers = handle:headers()
  local key = headers:get("${scopeHeaders.host}")
  local bar = key:find("|", 1, true)
  local place, host = key:sub(1, bar), key:sub(bar + 1)
  for step = 1, 2 do
    local name = host:lower()
    name = name:match("^(.*):[^%]:]*$") or name
    if name == host then
      if host == "*" then return end
      name = less_specific(host, handle)
      if name == nil then return end
    end
    host = name
    headers:replace("${scopeHeaders.host}", place .. host)
    handle:clearRouteCache()
    if step == 1 then
      handle:metadata()
      if handle:streamInfo():routeName() ~= "" then return end
    end
  end
end
`;

const path = `
function envoy_on_request(handle)
  local headers = handle:headers()
  local at = headers:get("${scopeHeaders.path}")
  local path = (headers:get(":path") or ""):match("^[^?#]*")
  local segment = path:sub(#at):match("^/[^/]*")
  if segment == nil then return end
  headers:replace("${scopeHeaders.path}", at .. segment)
  handle:clearRouteCache()
  handle:metadata()
  if handle:streamInfo():routeName() ~= "" then return end
  headers:replace("${scopeHeaders.path}", at)
  handle:clearRouteCache()
end
`;

const leave = `
function envoy_on_request(handle)
  local headers = handle:headers()
  for step = 1, 2 do
    local above = headers:get("${scopeHeaders.path}"):match("^(.*)/[^/]*$")
    headers:replace("${scopeHeaders.path}", above or "-")
    handle:clearRouteCache()
    if above == nil then return end
    if step == 1 then
      handle:metadata()
      if handle:streamInfo():routeName() ~= "${noMatchRoute}" then return end
    end
  end
end
`;

const scriptsOfPath: readonly ScopeScript[] = [
  { name: scopeFilters.path, code: path, filters: maxPathDepth, always: false },
  // From the deepest node up to the root, and out.
  { name: scopeFilters.leave, code: leave, filters: Math.ceil((maxPathDepth + 1) / 2), always: false },
];

const hostScript = (less: string, steps: number): ScopeScript => ({
  name: scopeFilters.host,
  code: host(less),
  filters: Math.ceil(steps / 2),
  always: true,
});

// The host itself, each number of labels, and `*`.
const scripts = [hostScript(lessSpecific, maxWildcardLabels + 2), ...scriptsOfPath];
// The host itself, its wildcard, and `*`.
const oneLabelScripts = [hostScript(lessSpecificOneLabel, 3), ...scriptsOfPath];

/** The scripts of a listener in the order in which they run. */
export function scopeScripts({ wildcards }: Pick<IrListener, 'wildcards'>): readonly ScopeScript[] {
  return wildcards === 'one-label' ? oneLabelScripts : scripts;
}

/** The name under which a filter that does not run always knows its script. */
export const scriptName = 'run';
