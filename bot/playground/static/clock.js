// The clock of the playground: business time, ticking, and how far it runs ahead of the real one.

import { post } from "./server.js";
import * as words from "./words.js";

const $ = (id) => document.getElementById(id);
const MOVED_BACK = 60;

export class Clock {
  #at = 0;
  #heard = 0;
  #ahead = 0;

  /** `hear.say` shows a sentence, `hear.moved` is told the button, `hear.anew` is told when time ran back: somebody started over. */
  constructor(hear) {
    this.hear = hear;
    for (const button of document.querySelectorAll("[data-to]")) {
      button.addEventListener("click", () => this.#move(button));
    }
    setInterval(() => this.#draw(), 1000);
  }

  set(now) {
    if (this.#heard && now.ahead < this.#ahead - MOVED_BACK) return this.hear.anew();
    this.offset = words.offset(now.at);
    [this.#at, this.#heard, this.#ahead] = [words.local(now.at), performance.now(), now.ahead];
    this.#draw();
  }

  /** This moment, in the office's zone. */
  get now() {
    return this.#at + performance.now() - this.#heard;
  }

  async #move(button) {
    const buttons = document.querySelectorAll("[data-to]");
    for (const each of buttons) each.disabled = true;
    const answer = await post("clock", { to: button.dataset.to }, []);
    for (const each of buttons) each.disabled = false;
    button.focus({ preventScroll: true });
    if (answer.error) return this.hear.say({ text: answer.error, tone: "warning" });
    this.set(answer.now);
    this.hear.moved(button.textContent);
    this.hear.say({ text: `时钟拨到了 ${words.day(this.#at)} ${words.time(this.#at)}`, tone: "success" });
  }

  #draw() {
    if (!this.#heard) return;
    $("time").textContent = words.time(this.now);
    $("date").textContent = words.day(this.now);
    $("ahead").hidden = this.#ahead <= 0;
    $("ahead").textContent = `演练时间 · 快 ${words.span(this.#ahead)}`;
    $("ahead").title = "比真实时间快这么多；只有演练场的时钟能拨";
    document.body.classList.toggle("ahead", this.#ahead > 0);
  }
}
