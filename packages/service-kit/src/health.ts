/** One thing that must hold before a service may be used. */
export interface HealthCheck {
  readonly name: string;
  readonly ok: boolean;
  /** Why it does not hold, or what is known of it; may be empty. */
  readonly detail: string;
  /** It does not hold, but the service can be used all the same. */
  readonly degraded?: true;
}

/** What `/readyz` answers. */
export interface Readiness {
  readonly ready: boolean;
  /** Sorted by name. */
  readonly checks: readonly HealthCheck[];
  /** Names of the checks that do not hold, sorted. */
  readonly failing: readonly string[];
  /** Names of those that do not hold without standing in the way of use, sorted. */
  readonly degraded: readonly string[];
}

/** The checks of one process. Ready means that there is at least one check and that all of them hold. */
export class Health {
  readonly #checks = new Map<string, HealthCheck>();

  /** Sets a check; the newest word counts. */
  set(name: string, ok: boolean, detail = ''): void {
    this.#checks.set(name, { name, ok, detail });
  }

  /** Says that a check does not hold, but that the service does its work without it as well as it can. */
  degrade(name: string, detail: string): void {
    this.#checks.set(name, { name, ok: true, detail, degraded: true });
  }

  /** Forgets a check. */
  remove(name: string): void {
    this.#checks.delete(name);
  }

  readiness(): Readiness {
    const checks = [...this.#checks.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    const failing = checks.filter((check) => !check.ok).map((check) => check.name);
    const degraded = checks.filter((check) => check.degraded).map((check) => check.name);
    return { ready: checks.length > 0 && failing.length === 0, checks, failing, degraded };
  }
}
