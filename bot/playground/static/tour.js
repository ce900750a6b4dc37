// The guided tour: one step at a time above the seats; each line is marked when it has been done or seen.

import { STEPS } from "./steps.js";

const $ = (id) => document.getElementById(id);
const MEMORY = "keban.playground.tour";
const LAST = STEPS.length - 1;

export class Tour {
  /** Which step is open, whether it was declined, the newest number before it and at all, and what was done of each. */
  #state = recall();
  #changed = 0;
  #whole = false;
  #early = false;

  /** `page` says what a seat shows, opens a seat and fills in its words. */
  constructor(page) {
    this.page = page;
    for (const id of ["guide", "invited"]) $(id).addEventListener("click", () => this.#go(this.#state.at));
    for (const id of ["uninvited", "tour-close"]) $(id).addEventListener("click", () => this.#close());
    $("tour-back").addEventListener("click", () => this.#go(this.#state.at - 1));
    $("tour-on").addEventListener("click", () => (this.#state.at < LAST ? this.#go(this.#state.at + 1) : this.#finish()));
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
    this.page.current.toast({ text: "七步都走完了。想再走一遍，先点【重新开始】。", tone: "success" });
    this.#state.at = 0;
    this.#state.done = {};
    this.#keep();
  }

  /** What counts from here on is what comes from here on. */
  #begin() {
    const { id, changed } = this.page.newest;
    this.#state.after = id;
    this.#changed = changed;
    this.#early = !this.#whole;
  }

  #go(to, focus = true) {
    if (to !== this.#state.at || !this.#state.open) this.#begin();
    Object.assign(this.#state, { at: clamp(to), open: true, asked: true });
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
    const since = { id: this.#state.after, changed: this.#changed };
    STEPS[this.#state.at].lines.forEach((line, index) => {
      if (line.see && !this.#early && this.page.sees(line.place, line.see, since)) counts[index] = 1;
      $("tour-lines").children[index].classList.toggle("seen", counts[index] >= (line.times ?? 1));
    });
    const done = STEPS[this.#state.at].lines.every((line, index) => !line.see || counts[index]);
    $("tour-on").classList.toggle("primary", done);
    $("tour-done").textContent = done ? "✓ 这一步走完了" : "";
    this.#keep();
  }

  /** Everything that appeared is here by now: a memory of more is of another demo, and a step that waited begins. */
  compare() {
    this.#whole = true;
    if (Math.max(this.#state.after, this.#state.newest) > this.page.newest.id) return this.anew();
    if (!this.#early) return;
    this.#begin();
    this.look();
  }

  /** The demo starts over: nothing of it was done yet. */
  anew() {
    Object.assign(this.#state, { at: 0, newest: 0, done: {} });
    this.#begin();
    if (this.#state.open) this.#go(0, false);
    else this.#keep();
  }

  #keep() {
    this.#state.newest = Math.max(this.#state.newest, this.page.newest.id);
    try {
      localStorage.setItem(MEMORY, JSON.stringify(this.#state));
    } catch {
      // a browser that keeps nothing: the tour invites again next time
    }
  }
}

function button(label, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = label;
  made.addEventListener("click", act);
  return made;
}

function clamp(step) {
  return Math.min(Math.max(step, 0), LAST);
}

/** What the browser kept; whatever has not the shape that this page writes is as if it had not been kept. */
function recall() {
  const { at, open, asked, after, newest, done } = Object(kept());
  const number = (value) => (Number.isSafeInteger(value) ? Math.max(value, 0) : 0);
  const counted = ({ lines }, counts) =>
    Array.isArray(counts) && counts.length === lines.length && counts.every((count) => Number.isSafeInteger(count));
  return {
    at: clamp(number(at)),
    open: open === true,
    asked: asked === true,
    after: number(after),
    newest: number(newest),
    done: Object.fromEntries(STEPS.flatMap((step, index) => (counted(step, done?.[index]) ? [[index, done[index]]] : []))),
  };
}

function kept() {
  try {
    return JSON.parse(localStorage.getItem(MEMORY));
  } catch {
    return null;
  }
}
