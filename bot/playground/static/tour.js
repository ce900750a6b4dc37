// The guided tour: one step at a time above the seats, marked as done when what it promises has appeared.

import { STEPS } from "./steps.js";

const $ = (id) => document.getElementById(id);
const MEMORY = "keban.playground.tour";
const NO = "no";

export class Tour {
  #at = 0;

  /** `page` says what a seat shows, opens a seat and fills in its words. */
  constructor(page) {
    this.page = page;
    for (const id of ["guide", "invited"]) $(id).addEventListener("click", () => this.open());
    $("uninvited").addEventListener("click", () => this.#decline());
    $("tour-close").addEventListener("click", () => this.#close());
    $("tour-back").addEventListener("click", () => this.#go(this.#at - 1));
    $("tour-on").addEventListener("click", () => (this.#at < STEPS.length - 1 ? this.#go(this.#at + 1) : this.#close()));
    const remembered = recall();
    $("invite").hidden = remembered !== null;
    if (remembered !== null && remembered !== NO) this.#go(Number(remembered) || 0, false);
  }

  /** From the beginning. */
  open() {
    $("invite").hidden = true;
    this.#go(0);
  }

  #decline() {
    $("invite").hidden = true;
    remember(NO);
    $("guide").focus();
  }

  #close() {
    $("tour").hidden = true;
    document.body.classList.remove("touring");
    this.#decline();
  }

  #go(to, focus = true) {
    this.#at = Math.min(Math.max(to, 0), STEPS.length - 1);
    const step = STEPS[this.#at];
    remember(String(this.#at));
    $("tour").hidden = false;
    document.body.classList.add("touring");
    $("tour-title").textContent = `第 ${this.#at + 1} 步，共 ${STEPS.length} 步：${step.title}`;
    $("tour-why").textContent = step.why;
    $("tour-lines").replaceChildren(...step.lines.map((line) => this.#line(line)));
    $("tour-back").disabled = this.#at === 0;
    $("tour-on").textContent = this.#at < STEPS.length - 1 ? "下一步" : "走完了";
    this.look();
    if (focus) $("tour-title").focus();
  }

  #line(line) {
    const item = document.createElement("li");
    const text = document.createElement("span");
    text.textContent = line.text;
    item.append(text);
    if (line.words) item.append(button("放进输入框", () => this.page.prepare(line.place, line.words)));
    else if (line.place) item.append(button("去看看", () => this.page.visit(line.place, line.seen)));
    return item;
  }

  /** Mark what can be seen by now. */
  look() {
    if ($("tour").hidden) return;
    const lines = STEPS[this.#at].lines;
    lines.forEach((line, index) => {
      if (line.seen) $("tour-lines").children[index].classList.toggle("seen", this.page.sees(line.place, line.seen));
    });
    const done = lines.every((line) => !line.seen || this.page.sees(line.place, line.seen));
    $("tour-on").classList.toggle("primary", done);
    $("tour-done").textContent = done ? "✓ 这一步走完了" : "";
  }
}

/** Forget where it was: the demo starts over. */
export function forget() {
  remember("0");
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
    return localStorage.getItem(MEMORY);
  } catch {
    return null;
  }
}

function remember(step) {
  try {
    localStorage.setItem(MEMORY, step);
  } catch {
    // a browser that keeps nothing: the tour invites again next time
  }
}
