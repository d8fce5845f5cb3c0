// The language of the story for screen readers, which pronounce it by that.

const CODES = {
  english: "en", german: "de", spanish: "es", french: "fr", italian: "it",
  portuguese: "pt", dutch: "nl", polish: "pl", ukrainian: "uk",
};

/** @param {string | undefined} language as it was asked for
 *  @returns its code, or "" where it is not known */
export const codeOf = (language) => CODES[language?.trim().toLowerCase()] ?? "";
