// The customer's phone: the survey page exactly as it is served, in a frame of a phone's size.

const $ = (id) => document.getElementById(id);
const PATH = /^\/survey\/[^/]+$/;

export class Phone {
  #path = "";
  #turn = 0;

  /** `page` is told when the phone comes and goes. */
  constructor(page) {
    this.page = page;
    this.node = $("phone");
    this.screen = $("phone-screen");
    this.screen.addEventListener("load", () => this.#loaded(this.#path));
    $("phone-close").addEventListener("click", () => this.close());
  }

  /** Whether this link is one that customers open. */
  takes(link) {
    return PATH.test(new URL(link.href).pathname);
  }

  async open(link) {
    const path = new URL(link.href).pathname;
    $("phone-apart").href = path;
    this.node.hidden = false;
    this.page.phoning(true);
    await this.#load(path);
    this.screen.focus();
  }

  close() {
    this.node.hidden = true;
    this.page.phoning(false);
  }

  /** Show what this address answers, unless something else was asked for meanwhile; tells whether it agreed. */
  async #load(path, about) {
    const turn = (this.#turn += 1);
    try {
      const answer = await fetch(path, about);
      const text = await answer.text();
      if (turn === this.#turn) [this.#path, this.screen.srcdoc] = [path, text];
      return answer.ok;
    } catch {
      this.page.current.toast({ text: "客户的手机没有连上程序，请检查它是否在运行。", tone: "error" });
      return false;
    }
  }

  /** The frame may send nothing by itself: its form is sent from here, as the phone's browser would, once at a time. */
  #loaded(path) {
    const form = this.screen.contentDocument.querySelector("form");
    form?.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = event.submitter;
      const body = new URLSearchParams(new FormData(form));
      if (button) button.disabled = true;
      const done = await this.#load(path, { method: "POST", body });
      if (button) button.disabled = false;
      if (button && done) this.page.did("press", button.textContent);
    });
  }
}
