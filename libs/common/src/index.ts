export * from './config/describe-settings.js';
export * from './config/environment.js';
export * from './config/key-list.js';
export * from './config/process.config.js';
export * from './config/read-settings.js';
export * from './config/setting.js';
export * from './config/settings.module.js';
export * from './contracts/e164.js';
export * from './contracts/event.js';
export * from './contracts/sms-outcomes.js';
export * from './contracts/sms-receipt.js';
export * from './contracts/sms-send.js';
export * from './redis/redis.config.js';
export * from './redis/redis.js';
export * from './redis/redis.module.js';
export * from './redis/redis-script.js';
export * from './sealing/sealed.js';
export * from './sealing/sealer.js';
export * from './sealing/sealing.config.js';
export * from './texts/sms-length.js';
export * from './telemetry/logger.js';
export * from './telemetry/mask.js';
export * from './telemetry/metrics.js';
export { requestContext } from './telemetry/request-context.js';
export * from './messaging/backoff.js';
export * from './messaging/delivery.js';
export * from './messaging/event-client.js';
export * from './messaging/event-publisher.js';
export * from './messaging/event-server.js';
export * from './messaging/handler-result.js';
export * from './messaging/handles.js';
export * from './messaging/left-overs.js';
export * from './messaging/messaging.module.js';
export * from './messaging/pause-without-redis.js';
export * from './messaging/publish-outcome.js';
export { BrokerAwayError, NoSuchQueueError } from './messaging/queue-walk.js';
export * from './messaging/rabbit.config.js';
export * from './messaging/retry-policies.js';
export * from './messaging/settlement.js';
export {
  EXCHANGE,
  GATEWAY_INBOX,
  otpostConsumers,
  OUTCOMES_POLICY,
  RECEIPTS_POLICY,
  SMS_WORKER_INBOX,
  topologyOf,
  type Consumer,
  type Topology,
} from './messaging/topology.js';
export * from './messaging/topology-check.js';
export * from './operations/operations.module.js';
export * from './operations/readiness.js';
export { pathOf, type HttpRequest } from './http/answer.js';
export * from './http/create-http-adapter.js';
export * from './http/described.js';
export * from './http/page.js';
export * from './http/problem.js';
export * from './http/problem.filter.js';
export * from './http/request-validation.js';
export * from './http/use-problem-details.js';
