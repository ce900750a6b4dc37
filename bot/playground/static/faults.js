// Trouble to order: what chat platforms and people do to a program, and that it stays calm.

import { post } from "./server.js";

const $ = (id) => document.getElementById(id);
const AT_SERVER = ["down", "token"];

export class Faults {
  #stand = { down: false, expired: false, waiting: 0, renewed: 0 };

  /** `say` shows a sentence. */
  constructor(say) {
    this.say = say;
    $("trouble").addEventListener("click", () => this.#toggle($("faults").hidden));
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.#toggle(false));
    document.addEventListener("pointerdown", ({ target }) => {
      if (!$("faults").contains(target) && target !== $("trouble")) this.#toggle(false);
    });
    for (const name of AT_SERVER) {
      $(`fault-${name}`).addEventListener("change", (event) => this.#switch(name, event.target));
    }
  }

  #toggle(open) {
    if (open === !$("faults").hidden) return;
    const focused = open || $("faults").contains(document.activeElement);
    $("faults").hidden = !open;
    $("trouble").setAttribute("aria-expanded", String(open));
    if (focused) (open ? $("fault-twice") : $("trouble")).focus();
  }

  async #switch(name, box) {
    const answer = await post("fault", { name, on: box.checked }, []);
    if (!answer.error) return this.set(answer.faults);
    this.set(this.#stand);
    this.say({ text: answer.error, tone: "error" });
  }

  /** How things stand at the server. */
  set(stand) {
    if (stand.renewed > this.#stand.renewed && this.#stand.expired) {
      this.say({ text: "令牌被拒绝了一次，换了新的，消息照常送到", tone: "success" });
    }
    this.#stand = stand;
    $("fault-down").checked = stand.down;
    $("fault-token").checked = stand.expired;
    $("failing").hidden = !stand.down;
    $("failing").textContent = `平台断线了，${stand.waiting} 条消息在等。在「制造故障」里关掉断线，它们就按顺序送到。`;
    $("trouble").classList.toggle("on", stand.down || stand.expired);
  }

  /** Hand over what somebody did: once, or twice as platforms do that heard no answer. */
  async deliver(body) {
    if (!$("fault-twice").checked) return post("events", body);
    const [first, second] = await Promise.all([post("events", body), post("events", body)]);
    const same = JSON.stringify(first) === JSON.stringify(second);
    if (same && !first.error) this.say({ text: "送达了两次，两次的回答一样", tone: "info" });
    else if (!first.error) this.say({ text: "两次送达的回答不一样", tone: "error" });
    return first;
  }

  /** Whether somebody else shall press the same button at this moment; it was ordered for one press. */
  takeBoth() {
    const asked = $("fault-both").checked;
    $("fault-both").checked = false;
    return asked;
  }
}
