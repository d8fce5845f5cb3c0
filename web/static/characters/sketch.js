// A sheet to sketch on, with mouse, pen or finger.

import { announce, byId } from "../dom.js";

const PAPER = "#fff";
// The service takes more; a sketch is small, and a slow line is patient with it.
const MOST_CHARACTERS = 1_000_000;

const canvas = byId("sketch-canvas");
const undo = byId("sketch-undo");
const clear = byId("sketch-clear");
const brush = canvas.getContext("2d");

/** Lines, each {ink, width, points}: what can be undone. */
let lines = [];
let growing = null;

const picked = (name) => document.querySelector(`input[name="${name}"]:checked`).value;

/** Through the middles between the points, so that corners become curves. */
function trace({ ink, width, points }) {
  const [first, ...others] = points;
  Object.assign(brush, { strokeStyle: ink, lineWidth: width, lineCap: "round", lineJoin: "round" });
  brush.beginPath();
  brush.moveTo(...first);
  others.forEach(([x, y], index) => {
    const [nextX, nextY] = others[index + 1] ?? [x, y];
    brush.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
  });
  brush.lineTo(...points.at(-1));  // a single touch is a dot
  brush.stroke();
}

function draw() {
  brush.fillStyle = PAPER;
  brush.fillRect(0, 0, canvas.width, canvas.height);
  lines.forEach(trace);
}

function changed() {
  draw();
  undo.disabled = clear.disabled = !lines.length;
  canvas.ariaLabel = lines.length ? `Sketch: ${lines.length === 1 ? "one line" : `${lines.length} lines`}` : "Sketch: empty";
}

function pointOf({ clientX, clientY }) {
  const { left, top, width, height } = canvas.getBoundingClientRect();
  return [(clientX - left) * canvas.width / width, (clientY - top) * canvas.height / height];
}

function begin(event) {
  if (growing || event.button !== 0) return;
  event.preventDefault();
  canvas.setPointerCapture(event.pointerId);
  growing = { pointer: event.pointerId, ink: picked("ink"), width: Number(picked("brush")), points: [pointOf(event)] };
  lines.push(growing);
  changed();
}

function move(event) {
  if (event.pointerId !== growing?.pointer) return;
  const passed = event.getCoalescedEvents?.() ?? [];
  growing.points.push(...(passed.length ? passed : [event]).map(pointOf));
  draw();
}

function end({ pointerId }) {
  if (pointerId === growing?.pointer) growing = null;
}

/** The same, smaller: for a sheet that is painted all over. */
function smaller(source) {
  const made = document.createElement("canvas");
  Object.assign(made, { width: source.width / 2, height: source.height / 2 });
  made.getContext("2d").drawImage(source, 0, 0, made.width, made.height);
  return made;
}

/** What is drawn as a data URL, or "". */
export function sketchImage() {
  if (!lines.length) return "";
  let sheet = canvas;
  let image = sheet.toDataURL("image/png");
  while (image.length > MOST_CHARACTERS) {
    sheet = smaller(sheet);
    image = sheet.toDataURL("image/png");
  }
  return image;
}

export const sketchField = {
  showFault: (text) => { byId("sketch-fault").textContent = text; },
  focus: () => clear.focus(),
};

function take(left, said) {
  lines = left;
  growing = null;
  sketchField.showFault("");
  changed();
  announce(said);
}

export function setUpSketch() {
  canvas.addEventListener("pointerdown", begin);
  canvas.addEventListener("pointermove", move);
  for (const kind of ["pointerup", "pointercancel"]) canvas.addEventListener(kind, end);
  undo.addEventListener("click", () => take(lines.slice(0, -1), "The last line is gone."));
  clear.addEventListener("click", () => take([], "The sketch is empty."));
  changed();
}
