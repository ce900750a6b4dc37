// Command completion: a combobox over what this person may say.

const MOST = 8;
let numbers = 0;

export class Completion {
  #active = -1;
  #shown = [];

  /** `commands()` gives what may be said now. */
  constructor(input, list, usage, commands) {
    Object.assign(this, { input, list, usage, commands });
    list.id = `commands-${(numbers += 1)}`;
    input.setAttribute("aria-controls", list.id);
    input.addEventListener("input", () => this.update());
    input.addEventListener("blur", () => this.close());
    input.addEventListener("focus", () => this.update());
    input.addEventListener("keydown", (event) => this.#key(event));
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.#choose(Number(option.dataset.index));
    });
  }

  get open() {
    return !this.list.hidden;
  }

  update() {
    const text = this.input.value.replace(/^／/, "/").toLowerCase();
    const word = (command) => command.usage.split(" ")[0];
    const all = this.commands();
    const typed = text.trimStart().split(/\s/)[0];
    const known = all.find((command) => word(command) === typed);
    this.usage.hidden = !(known && /\s/.test(text.trimStart()));
    this.usage.textContent = known ? `用法：${known.usage}` : "";
    if (!/^\/\S*$/.test(text)) return this.close();
    const starts = all.filter((command) => word(command).startsWith(text));
    const holds = all.filter((command) => !starts.includes(command) && command.usage.includes(text.slice(1)));
    this.#show([...starts, ...(text.length > 1 ? holds : [])].slice(0, MOST));
  }

  close() {
    this.list.hidden = true;
    this.#mark(-1);
    this.input.setAttribute("aria-expanded", "false");
  }

  #show(commands) {
    this.#shown = commands;
    this.list.replaceChildren(...commands.map((command, index) => this.#option(command, index)));
    this.list.hidden = !commands.length;
    this.input.setAttribute("aria-expanded", String(Boolean(commands.length)));
    this.#mark(-1);
  }

  #option(command, index) {
    const option = document.createElement("li");
    const [usage, about] = [document.createElement("b"), document.createElement("span")];
    [usage.textContent, about.textContent] = [command.usage, command.about];
    option.append(usage, about);
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    option.id = `${this.list.id}-${index}`;
    option.dataset.index = index;
    return option;
  }

  #mark(index) {
    this.#active = index;
    [...this.list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
    const option = this.list.children[index];
    option?.scrollIntoView({ block: "nearest" });
    if (option) this.input.setAttribute("aria-activedescendant", option.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  #choose(index) {
    const [word, ...places] = this.#shown[index].usage.split(" ");
    this.input.value = places.length ? `${word} ` : word;
    this.input.focus();
    this.update();
    this.close();
  }

  #key(event) {
    if (event.isComposing || !this.open) return;
    const count = this.#shown.length;
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in moves) {
      const next = this.#active + moves[event.key];
      this.#mark(next < 0 ? count - 1 : next % count);
    } else if (event.key === "Enter" && this.#active >= 0) {
      this.#choose(this.#active);
    } else if (event.key === "Tab" && !event.shiftKey && this.input.value !== this.#shown[0].usage.split(" ")[0]) {
      this.#choose(Math.max(this.#active, 0));
    } else if (event.key === "Escape") {
      this.close();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}
