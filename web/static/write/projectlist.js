// All stories of whoever is here: opened, renamed and deleted in a dialog.

import { Trouble } from "../api.js";
import { announce, byId, element } from "../dom.js";
import { deleteProject, listProjects, putProject, readProject } from "./calls.js";
import { PHASES } from "./project.js";
import { saving } from "./saving.js";
import { inWordsOf } from "./words.js";

const dialog = byId("projects");
const list = byId("project-list");
const fault = byId("projects-fault");
const NONE = "There are no stories yet.";

const dates = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });

let can = {};
let projects = [];

function button(label, name, action) {
  const made = element("button", { type: "button", className: "quiet", ariaLabel: name }, label);
  made.addEventListener("click", action);
  return made;
}

/** Does `change` on the page at once, and takes it back if the service does not follow. */
async function optimistic(after, change) {
  const before = projects;
  fault.textContent = "";
  draw(after);
  try {
    await change();
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    draw(before);
    fault.textContent = trouble.detail || trouble.title;
  }
}

function rename(project, title) {
  if (!title || title === project.title) return draw(projects);
  if (project.id === saving.id) can.retitle(title);
  return optimistic(projects.map((each) => (each.id === project.id ? { ...each, title } : each)), async () => {
    if (project.id === saving.id) return saving.now();
    const { version, data } = await readProject(project.id);
    return putProject(project.id, JSON.stringify({ version, title, data }));
  });
}

function remove(project) {
  announce(`“${project.title}” is deleted.`);
  return optimistic(projects.filter(({ id }) => id !== project.id), async () => {
    if (project.id === saving.id) can.leave();
    await deleteProject(project.id);
    can.deleted(project.id);
  });
}

function askTitle(row, project) {
  const box = element("input", { type: "text", value: project.title, maxLength: 200, ariaLabel: "New title", dir: "auto" });
  const form = element("form", { className: "with-button" }, box, element("button", { type: "submit" }, "Rename"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    rename(project, box.value.trim());
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    draw(projects);
  });
  row.replaceChildren(form);
  box.select();
}

function askWhether(row, project) {
  const no = button("Keep it", `Keep “${project.title}”`, () => draw(projects));
  row.replaceChildren(
    element("p", {}, `Delete “${project.title}” for good?`),
    element("div", { className: "project-ways" }, button("Delete", `Delete “${project.title}” for good`, () => remove(project)), no),
  );
  no.focus();
}

function rowOf(project) {
  const { id, title, phase, words, updated_at: updated } = project;
  const name = PHASES.find((each) => each.id === phase)?.name ?? "Setup";
  const row = element("li");
  const open = element("button", { type: "button", className: "project-open" },
    element("strong", { dir: "auto" }, title),
    element("small", {}, `${name} · ${inWordsOf(words ?? 0)} · ${dates.format(new Date(updated))}${id === saving.id ? " · open now" : ""}`));
  open.addEventListener("click", () => {
    dialog.close();
    can.open(id);
  });
  row.append(open, element("div", { className: "project-ways" },
    button("Rename", `Rename “${title}”`, () => askTitle(row, project)),
    button("Delete", `Delete “${title}”`, () => askWhether(row, project))));
  return row;
}

function draw(found) {
  projects = found;
  list.replaceChildren(...(found.length ? found.map(rowOf) : [element("li", { className: "nothing" }, NONE)]));
  list.setAttribute("aria-busy", false);
}

const skeleton = () => element("li", { className: "skeletons" }, element("span", { className: "skeleton wide" }), element("span", { className: "skeleton" }));

async function showProjects() {
  fault.textContent = "";
  list.setAttribute("aria-busy", true);
  list.replaceChildren(skeleton(), skeleton(), skeleton());
  dialog.showModal();
  try {
    await saving.now();
    draw(await listProjects());
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    list.replaceChildren();
    fault.textContent = `${trouble.title}. ${trouble.detail}`;
  }
}

/** @param {{open: (id: string) => void, begin: () => void, retitle: (title: string) => void,
 *           leave: () => void, deleted: (id: string) => void}} does */
export function setUpProjects(does) {
  can = does;
  byId("open-projects").addEventListener("click", showProjects);
  byId("new-project").addEventListener("click", () => {
    dialog.close();
    does.begin();
  });
}
