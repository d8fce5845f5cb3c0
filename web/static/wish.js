// What the form asks for.

import { readPrompt } from "./prompt.js";

/** The request's body, or null when the prompt is not fit to send. */
export function readWish(form) {
  const prompt = readPrompt();
  if (!prompt) return null;
  const { style, language, words } = form.elements;
  const wish = { prompt_text: prompt, words: Number(words.value) };
  if (style.value) wish.style = style.value;
  if (language.value) wish.language = language.value;
  return JSON.stringify(wish);
}
