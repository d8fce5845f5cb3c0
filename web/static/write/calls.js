// What the writer's page asks the service for.

import { post, postForFile, put, send } from "../api.js";

const at = (path) => `/api/story/${path}`;
const projectAt = (id) => at(`projects/${encodeURIComponent(id)}`);

export const readChoices = () => send(at("options"));

/** The job that does it, or the answer itself where the service had it already.
 *  @param {boolean} isFresh an answer that was kept from before will not do */
export const orderWork = (path, body, key, isFresh = false) => post(at(path), body, {
  Prefer: "respond-async",
  "Idempotency-Key": key,
  ...(isFresh && { "Cache-Control": "no-cache" }),
});

export const listProjects = async () => (await send(at("projects"))).projects;

export const readProject = (id) => send(projectAt(id));

/** @param {string} body of the request: {title, data} */
export const addProject = (body, key) => post(at("projects"), body, { "Idempotency-Key": key });

/** @param {string} body {version, title, data}; a Trouble with the code "version_conflict" if somebody was faster */
export const putProject = (id, body) => put(projectAt(id), body);

export const deleteProject = (id) => send(projectAt(id), { method: "DELETE" });

export const exportFile = (body) => postForFile(at("export"), body);
