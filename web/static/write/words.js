// Counting words, and saying numbers of them.

const number = new Intl.NumberFormat("en");

export const countWords = (text) => text.match(/\S+/g)?.length ?? 0;

export const numberOf = (count) => number.format(count);

/** 1 → "1 word", 2140 → "2,140 words" */
export const inWordsOf = (count) => `${number.format(count)} ${count === 1 ? "word" : "words"}`;
