/** Whether a topic pattern takes a routing key: `*` is one word, `#` any number of words, none included. */
export function topicMatches(pattern: string, routingKey: string): boolean {
  return pattern === routingKey || pattern === '#' || wordsMatch(wordsOf(pattern), wordsOf(routingKey));
}

/** An empty key has no words. */
const wordsOf = (key: string) => (key === '' ? [] : key.split('.'));

/** Walks both once and goes back only to the last `#`: linear in practice, and a pattern of many `#` cannot make it exponential. */
function wordsMatch(pattern: string[], words: string[]): boolean {
  let [at, word] = [0, 0];
  let hash = -1;
  let afterHash = 0;
  while (word < words.length) {
    if (pattern[at] === '#') {
      hash = at++;
      afterHash = word;
    } else if (at < pattern.length && (pattern[at] === '*' || pattern[at] === words[word])) {
      at++;
      word++;
    } else if (hash >= 0) {
      at = hash + 1;
      word = ++afterHash;
    } else {
      return false;
    }
  }
  while (pattern[at] === '#') at++;
  return at === pattern.length;
}
