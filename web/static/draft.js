// The unsent prompt outlives a reload.

import { forget, keep, recall } from "./memory.js";

const NAME = "draft";

export const keepDraft = (text) => keep(NAME, text);
export const readDraft = () => recall(NAME);
export const dropDraft = () => forget(NAME);
