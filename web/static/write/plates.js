// The scenes beside the manuscript, each with its picture: drawn, drawn again, and enlarged.

import { Plate } from "../book/plate.js";
import { announce, byId, element, say } from "../dom.js";
import { openLightbox } from "../lightbox.js";
import { errorOf, illustrating } from "./illustrating.js";
import { numbered } from "./project.js";
import { store } from "./store.js";

const list = byId("plates");
const illustrate = byId("illustrate");
const panel = byId("drawing");
const stop = byId("drawing-stop");
const side = document.querySelector(".scene-side");
const NO_SCENES = "The scenes of the outline come here, to be illustrated.";

let rows = [];

export const imageOf = (shot, scene) => (shot?.image_url
  ? { id: shot.image_url, url: shot.image_url, alt: shot.alt || scene.title, width: shot.width ?? undefined, height: shot.height ?? undefined }
  : null);

/** Walks through all pictures that are there, from the one that was clicked. */
function enlarge(plate) {
  const shown = rows.map((row) => row.plate).filter(({ picture }) => picture);
  openLightbox(shown.map(({ picture }) => picture), shown.indexOf(plate), plate.large);
}

/** @param {string} prompt what the picture shall show, or "" for the same as before */
function redraw(number, prompt) {
  const { outline } = store.state;
  if (prompt) {
    const scenes = numbered(outline.scenes.map((each, index) => (index === number - 1 ? { ...each, image_prompt: prompt } : each)));
    store.change({ outline: { ...outline, scenes } }, { label: `the picture’s words of scene ${number}` });
  }
  announce(`The picture of scene ${number} is being drawn.`);
  illustrating.redraw(number);
}

function makeRow(number) {
  const plate = new Plate(`Scene ${number}`, { enlarge, redraw: (prompt) => redraw(number, prompt) });
  const title = element("h4", { dir: "auto" });
  return { plate, title, root: element("li", {}, title, plate.root) };
}

function showRow({ plate, title, root }, scene, shot, isTold) {
  say(title, `${scene.scene_number}. ${scene.title || "Untitled scene"}`);
  root.classList.toggle("is-told", isTold);
  const image = imageOf(shot, scene);
  const painting = illustrating.paintingOf(scene.scene_number);
  plate.show({
    description: scene.image_prompt,
    versions: image ? [image] : [],
    image,
    error: shot && !painting ? errorOf(shot) : null,
    painting,
  });
}

const lackingPictures = ({ outline, shots }) => outline.scenes.map(({ scene_number: number }) => number).filter((number) => !shots[number]?.image_url);

function drawPanel(state) {
  const lacking = lackingPictures(state);
  const all = state.outline.scenes.length;
  const { all: ordered, done } = illustrating.news;
  panel.hidden = !illustrating.isBusy;
  say(byId("drawing-message"), illustrating.isBusy ? `${done} of ${ordered} drawn.` : "");
  say(stop, illustrating.isStopping ? "Stopping…" : "Stop");
  stop.setAttribute("aria-disabled", illustrating.isStopping);
  illustrate.hidden = illustrating.isBusy || !lacking.length;
  say(illustrate, lacking.length === all ? "Illustrate scenes" : `Illustrate ${lacking.length === 1 ? `scene ${lacking[0]}` : `the other ${lacking.length}`}`);
}

function draw(state) {
  const { outline, shots, scenes_told: told, story } = state;
  while (rows.length > outline.scenes.length) rows.pop().root.remove();
  while (rows.length < outline.scenes.length) {
    rows.push(makeRow(rows.length + 1));
    list.append(rows.at(-1).root);
  }
  outline.scenes.forEach((scene, index) => showRow(rows[index], scene, shots[index + 1], index < told && story !== ""));
  list.dataset.empty = outline.scenes.length ? "" : NO_SCENES;
  side.classList.toggle("is-drawn", Object.values(shots).some(({ image_url: url }) => url) || illustrating.isBusy);
  drawPanel(state);
}

const illustrateScenes = () => illustrating.draw(lackingPictures(store.state));

export function setUpPlates() {
  const redrawAll = () => draw(store.state);
  illustrate.addEventListener("click", illustrateScenes);
  stop.addEventListener("click", () => illustrating.stop());
  store.onChange(redrawAll);
  illustrating.onChange(redrawAll);
  redrawAll();
}
