// What the page asks of the adventures' service beside the socket.

import { send } from "../api.js";

const urlOf = (session) => `/api/adventure/${encodeURIComponent(session)}`;

/** @returns {Promise<{session: string, title: string, turns: number, state: string, updated_at: string}[]>} */
export const listAdventures = async () => (await send("/api/adventures")).adventures ?? [];

export const readAdventure = (session) => send(urlOf(session));

export const deleteAdventure = (session) => send(urlOf(session), { method: "DELETE" });

export const exportUrl = (session, format) => `${urlOf(session)}/export?format=${format}`;
