// The guided tour: one step at a time above the seats; each line is marked when it has been done or seen.

import { STEPS } from "./steps.js";

const $ = (id) => document.getElementById(id);
const MEMORY = "keban.playground.tour";
const LAST = STEPS.length - 1;

export class Tour {
  /** Which step is open, whether it was declined, the newest message before it, and what was done of each step. */
  #state = { at: 0, open: false, asked: false, after: 0, done: {} };

  /** `page` says what a seat shows, opens a seat and fills in its words. */
  constructor(page) {
    this.page = page;
    for (const id of ["guide", "invited"]) $(id).addEventListener("click", () => this.#go(this.#state.at));
    for (const id of ["uninvited", "tour-close"]) $(id).addEventListener("click", () => this.#close());
    $("tour-back").addEventListener("click", () => this.#go(this.#state.at - 1));
    $("tour-on").addEventListener("click", () => (this.#state.at < LAST ? this.#go(this.#state.at + 1) : this.#finish()));
    this.#state = { ...this.#state, ...recall() };
    $("invite").hidden = this.#state.asked;
    if (this.#state.open) this.#go(this.#state.at, false);
  }

  #close() {
    Object.assign(this.#state, { open: false, asked: true });
    $("tour").hidden = $("invite").hidden = true;
    document.body.classList.remove("touring");
    this.#keep();
    $("guide").focus();
  }

  #finish() {
    this.#close();
    this.page.current.toast({ text: "七步都走完了。接下来随便试，或者点【制造故障】。", tone: "success" });
    this.#state.at = 0;
    this.#state.done = {};
    this.#keep();
  }

  #go(to, focus = true) {
    if (to !== this.#state.at || !this.#state.open) this.#state.after = this.page.newest;
    Object.assign(this.#state, { at: Math.min(Math.max(to, 0), LAST), open: true, asked: true });
    const step = STEPS[this.#state.at];
    $("tour").hidden = false;
    $("invite").hidden = true;
    document.body.classList.add("touring");
    $("tour-title").textContent = `第 ${this.#state.at + 1} 步，共 ${STEPS.length} 步：${step.title}`;
    $("tour-why").textContent = step.why;
    $("tour-lines").replaceChildren(...step.lines.map((line) => this.#line(line)));
    $("tour-back").disabled = this.#state.at === 0;
    $("tour-on").textContent = this.#state.at < LAST ? "下一步" : "走完了";
    this.look();
    if (focus) $("tour-title").focus();
  }

  #line(line) {
    const item = document.createElement("li");
    const text = document.createElement("span");
    text.textContent = line.text;
    item.append(text);
    if (line.say) item.append(button("放进输入框", () => this.page.prepare(line.place, line.say)));
    else if (line.place) item.append(button("去看看", () => this.page.visit(line.place, line.see ?? line.card)));
    return item;
  }

  /** How often each line of the open step was done. */
  get #counts() {
    return (this.#state.done[this.#state.at] ??= STEPS[this.#state.at].lines.map(() => 0));
  }

  /** Somebody did something: the first line that asks for it, and waits, has it. */
  did(kind, what) {
    if (!this.#state.open) return;
    const lines = STEPS[this.#state.at].lines;
    const index = lines.findIndex((line, at) => line[kind] === what && this.#counts[at] < (line.times ?? 1));
    if (index >= 0) this.#counts[index] += 1;
    this.look();
  }

  /** Mark what can be seen by now. */
  look() {
    if (!this.#state.open) return;
    const counts = this.#counts;
    STEPS[this.#state.at].lines.forEach((line, index) => {
      if (line.see && this.page.sees(line.place, line.see, this.#state.after)) counts[index] = 1;
      $("tour-lines").children[index].classList.toggle("seen", counts[index] >= (line.times ?? 1));
    });
    const done = STEPS[this.#state.at].lines.every((line, index) => !line.see || counts[index]);
    $("tour-on").classList.toggle("primary", done);
    $("tour-done").textContent = done ? "✓ 这一步走完了" : "";
    this.#keep();
  }

  #keep() {
    remember(this.#state);
  }
}

/** Begin anew: the demo starts over. */
export function forget() {
  const { open, asked } = recall();
  remember({ open: Boolean(open), asked: Boolean(asked) });
}

function button(label, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = label;
  made.addEventListener("click", act);
  return made;
}

function recall() {
  try {
    return JSON.parse(localStorage.getItem(MEMORY)) ?? {};
  } catch {
    return {};
  }
}

function remember(state) {
  try {
    localStorage.setItem(MEMORY, JSON.stringify(state));
  } catch {
    // a browser that keeps nothing: the tour invites again next time
  }
}
