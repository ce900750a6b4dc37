// The customer's phone: the survey page exactly as it is served, in a frame of a phone's size.

const $ = (id) => document.getElementById(id);
const PATH = /^\/survey\/[^/]+$/;

export class Phone {
  #path = "";

  /** `page` is told when the phone comes and goes. */
  constructor(page) {
    this.page = page;
    this.node = $("phone");
    this.screen = $("phone-screen");
    this.screen.addEventListener("load", () => this.#loaded());
    $("phone-close").addEventListener("click", () => this.close());
  }

  /** Whether this link is one that customers open. */
  takes(link) {
    return PATH.test(new URL(link.href).pathname);
  }

  async open(link) {
    this.#path = new URL(link.href).pathname;
    $("phone-apart").href = this.#path;
    this.node.hidden = false;
    this.page.phoning(true);
    await this.#load();
    this.screen.focus();
  }

  close() {
    this.node.hidden = true;
    this.page.phoning(false);
  }

  async #load(about) {
    try {
      this.screen.srcdoc = await (await fetch(this.#path, about)).text();
    } catch {
      this.page.current.toast({ text: "客户的手机没有连上程序，请检查它是否在运行。", tone: "error" });
    }
  }

  /** The frame may send nothing by itself: its form is sent from here, as the phone's browser would. */
  #loaded() {
    const form = this.screen.contentDocument.querySelector("form");
    form?.addEventListener("submit", (event) => {
      event.preventDefault();
      this.page.tour.did("press", event.submitter?.textContent);
      this.#load({ method: "POST", body: new URLSearchParams(new FormData(form)) });
    });
  }
}
