export * from './define-provider.js';
export * from './delivery-ledger.js';
export * from './provider-list.js';
export * from './sms-provider.js';
export * from './sms-provider.module.js';
export * from './sms-sender.js';
export * from './sms.config.js';
