import { Injectable } from '@nestjs/common';
import { StartRefused } from '../config/environment.js';
import type { RetryPolicy } from './backoff.js';

/** Named policies. A module binds them from its configuration; `@Handles(contract, 'name')` uses them. */
@Injectable()
export class RetryPolicies {
  private readonly policies = new Map<string, RetryPolicy>();

  bind(name: string, policy: RetryPolicy): void {
    this.policies.set(name, policy);
  }

  of(name: string): RetryPolicy {
    const policy = this.policies.get(name);
    if (!policy)
      throw new StartRefused(
        `No retry policy is called '${name}': bind it with RetryPolicies.bind('${name}', …) in a module.`,
      );
    return policy;
  }
}
