import { OUTCOMES_POLICY, RetryPolicies } from '@app/common';
import { Module } from '@nestjs/common';
import { DeliveryListener, OUTCOMES } from './delivery.listener.js';

@Module({ controllers: [DeliveryListener] })
export class DeliveryModule {
  constructor(policies: RetryPolicies) {
    policies.bind(OUTCOMES, OUTCOMES_POLICY);
  }
}
