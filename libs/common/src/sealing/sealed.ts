/** `sealed:v1:<keyId>:<base64url of iv, ciphertext and tag>` */
export const SEALED = /^sealed:v1:([a-z0-9-]{1,16}):([A-Za-z0-9_-]{38,400})$/;

export const isSealed = (value: string): boolean => SEALED.test(value);
