/** For tests that send more texts than one person would, and are about something else. */
export const roomyLimits: Readonly<Record<string, string>> = {
  LIMIT_PREFIX_PER_HOUR: '0',
  LIMIT_IP_PER_HOUR: '0',
  LIMIT_IP_PER_DAY: '0',
  LIMIT_NO_IP_PER_HOUR: '0',
  LIMIT_NO_IP_PER_DAY: '0',
};
