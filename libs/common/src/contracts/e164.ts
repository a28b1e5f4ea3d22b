/** ITU-T E.164 as CAMARA writes it; whether a number exists is the gateway's question, not the contract's. */
export const E164 = /^\+[1-9]\d{4,14}$/;
