"use strict";
// The gallery: all clips are filtered, and only those in sight have elements, however many there are.
const ROW_PIXELS = 88, MARGIN_ROWS = 6;
const at = (id) => document.getElementById(id);
const view = at("view"), space = at("space"), filters = at("filters");
let clips = [], found = [];

async function read(id) {
  const bytes = Uint8Array.from(atob(at(id).textContent), (letter) => letter.charCodeAt(0));
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const { columns, rows } = JSON.parse(await new Response(plain).text());
  return rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i]])));
}

function element(tag, text, attributes = {}) {
  const made = Object.assign(document.createElement(tag), attributes);
  made.textContent = text;  // never HTML: captions and transcripts are anybody's words
  return made;
}

function frames(clip) {
  if (!clip.frames) return element("div", "", { className: "none" });
  return element("img", "", { alt: "", src: "data:image/jpeg;base64," + clip.frames });
}

function describe(clip) {
  const score = (name) => (clip[name] === null ? [] : [name + " " + clip[name].toFixed(3)]);
  const span = clip.start_seconds.toFixed(2) + " to " + clip.end_seconds.toFixed(2) + " s";
  const parts = [clip.category, span, ...score("umt_score"), ...score("aesthetic_score"), clip.clip_id];
  return parts.join(" · ");
}

function row(clip, position) {
  const line = element("div", "", { className: "clip", onclick: () => show(clip) });
  line.style.top = position * ROW_PIXELS + "px";
  const words = element("div", "");
  words.append(element("h3", clip.caption), element("p", describe(clip)));
  if (clip.said) words.append(element("p", "“" + clip.said + "”"));
  line.append(frames(clip), words);
  return line;
}

function show(clip) {
  const lines = [describe(clip), clip.said ? "“" + clip.said + "”" : "no speech", clip.source || ""];
  at("details").replaceChildren(frames(clip), element("h3", clip.caption), ...lines.map((line) => element("p", line)));
  at("whole").showModal();
}

function draw() {
  const first = Math.max(0, Math.floor(view.scrollTop / ROW_PIXELS) - MARGIN_ROWS);
  const last = Math.ceil((view.scrollTop + view.clientHeight) / ROW_PIXELS) + MARGIN_ROWS;
  space.replaceChildren(...found.slice(first, last).map((clip, i) => row(clip, first + i)));
}

function filter() {
  const words = at("words").value.toLowerCase().split(/\s+/).filter(Boolean);
  const category = at("category").value, order = at("order").value;
  const least = (clip, name) => at(name).value === "" || (clip[name] !== null && clip[name] >= Number(at(name).value));
  found = clips.filter((clip) => (!category || clip.category === category)
    && least(clip, "umt_score") && least(clip, "aesthetic_score")
    && words.every((word) => clip.text.includes(word)));
  if (order) found.sort((one, other) => (other[order] ?? -Infinity) - (one[order] ?? -Infinity));
  at("count").textContent = found.length.toLocaleString("en") + " of " + clips.length.toLocaleString("en") + " clips";
  space.style.height = found.length * ROW_PIXELS + "px";
  view.scrollTop = 0;
  draw();
}

read("rows").then((rows) => {
  clips = rows;
  for (const clip of clips) {
    clip.seconds = clip.end_seconds - clip.start_seconds;
    clip.text = [clip.caption, clip.said, clip.clip_id].join("\n").toLowerCase();
  }
  const categories = [...new Set(clips.map((clip) => clip.category))].sort();
  at("category").append(...categories.map((name) => element("option", name, { value: name })));
  let waiting = 0;
  view.addEventListener("scroll", () => { waiting ||= requestAnimationFrame(() => { waiting = 0; draw(); }); });
  addEventListener("resize", draw);
  filters.addEventListener("input", filter);
  filters.addEventListener("submit", (event) => event.preventDefault());
  filter();
}).catch((error) => { at("count").textContent = "this browser cannot read the clips: " + error; });
