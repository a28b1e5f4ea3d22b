export * from './define-provider.js';
export * from './sms-provider.js';
