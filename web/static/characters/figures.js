// A list of further figures, each with a name and what it looks like; they are added and removed.

import { announce, byId, element } from "../dom.js";
import { TextBox } from "../textbox.js";

let count = 0;

function labelled(label, box, max) {
  box.dataset.max = max;
  box.setAttribute("aria-describedby", `${box.id}-fault`);
  return element("div", {},
    element("label", { className: "field" }, element("span", {}, label), box),
    element("p", { id: `${box.id}-fault`, className: "fault", role: "alert" }));
}

export class Figures {
  /** @param {{name: string, look: string, hint: string}} says a new row's words
   *  @param {() => void} changed called after one was added or removed */
  constructor(id, says, changed) {
    const field = byId(id);
    Object.assign(this, { says, changed, rows: [], list: field.querySelector(".figures"), adder: field.querySelector(".add") });
    this.most = Number(field.dataset.most);
    this.adder.addEventListener("click", () => this.added());
  }

  added() {
    this.add();
    this.rows.at(-1).name.focus();
    this.changed();
  }

  add({ name, look } = { name: "", look: "" }) {
    const id = `figure-${count += 1}`;
    const nameBox = element("input", { type: "text", id: `${id}-name`, autocomplete: "off" });
    const lookBox = element("textarea", { id: `${id}-look`, className: "look", rows: 2, placeholder: this.says.hint });
    const remove = element("button", { type: "button", className: "remove" }, "Remove");
    const root = element("li", {}, labelled(this.says.name, nameBox, 60), remove, labelled(this.says.look, lookBox, 1000));
    this.list.append(root);
    const row = { root, remove, name: new TextBox(nameBox.id, "Give it a name."), look: new TextBox(lookBox.id, "Say what it looks like.") };
    remove.addEventListener("click", () => this.removed(row));
    row.name.set(name);
    row.look.set(look);
    this.rows.push(row);
    this.draw();
  }

  removed(row) {
    const index = this.rows.indexOf(row);
    this.rows.splice(index, 1);
    row.root.remove();
    this.draw();
    (this.rows[index]?.name ?? this.adder).focus();
    announce(`Removed ${row.name.text || "an empty row"}.`);
    this.changed();
  }

  draw() {
    this.adder.hidden = this.rows.length >= this.most;
    this.rows.forEach(({ root, remove }, index) => {
      root.ariaLabel = `${this.says.row} ${index + 1}`;
      remove.ariaLabel = `Remove ${this.says.row.toLowerCase()} ${index + 1}`;
    });
  }

  /** Rows in which nothing is written are no figures. */
  get filled() {
    return this.rows.filter(({ name, look }) => name.text || look.text);
  }

  get wishes() {
    return this.filled.map(({ name, look }) => ({ name: name.text, prompt: look.text }));
  }

  /** The boxes of the figures, in their order. */
  get boxes() {
    return this.filled.flatMap(({ name, look }) => [name, look]);
  }

  get draft() {
    return this.rows.map(({ name, look }) => ({ name: name.box.value, look: look.box.value }));
  }

  set draft(rows) {
    for (const row of rows) this.add(row);
  }
}
