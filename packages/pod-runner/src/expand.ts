/**
 * `$(NAME)` → the value of a variable, `$$(NAME)` → `$(NAME)` itself, unknown names as they are: core/v1 Container.command.
 */
export function expand(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/\$(\$|\(([A-Za-z_.-][A-Za-z0-9_.-]*)\))/g, (whole, what: string, name: string) =>
    what === '$' ? '$' : (variables.get(name) ?? whole),
  );
}
