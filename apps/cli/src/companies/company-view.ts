/** A company as the gateway shows it. */
export interface CompanyView {
  readonly name: string;
  readonly paused: boolean;
  readonly pause: { readonly reason: string; readonly until: string | null } | null;
  readonly changedAt: string | null;
  readonly changedBy: string | null;
  /** Running workers that have it on a route, by their breaker. */
  readonly workers: { readonly closed: number; readonly halfOpen: number; readonly open: number };
}
