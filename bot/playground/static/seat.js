// One seat: a chat on a phone, and whoever holds it.

import { Completion } from "./complete.js";
import { newId } from "./server.js";
import * as words from "./words.js";

const NEAR = 48;
const GAP = 10 * 60_000;
const TOAST_MS = 3600;

export class Seat {
  #rows = new Map();
  #follow = true;
  #written = 0;
  last = null;
  selected = "";

  /** `page` gives people, what each chat holds, and is told what happens. */
  constructor(index, page) {
    Object.assign(this, { index, page, place: words.PLACES[index] });
    this.node = document.getElementById("seat").content.firstElementChild.cloneNode(true);
    const find = (selector) => this.node.querySelector(selector);
    [this.log, this.input, this.select] = [find(".log"), find("input"), find("select")];
    [this.dot, this.newer, this.toasts, this.chips] = [find(".dot"), find(".newer"), find(".toasts"), find(".chips")];
    this.node.id = `seat-${index}`;
    this.node.setAttribute("aria-label", `${this.place}的座位`);
    find(".place").textContent = this.place;
    this.input.setAttribute("aria-label", `以${this.place}的身份发消息`);
    this.select.setAttribute("aria-label", `谁坐在${this.place}的座位上`);
    this.log.setAttribute("aria-label", `${this.place}的聊天`);
    this.completion = new Completion(this.input, find(".options"), find(".usage"), () => this.person.commands);
    this.#listen(find(".composer"));
  }

  #listen(composer) {
    composer.addEventListener("submit", (event) => {
      event.preventDefault();
      this.say(this.input.value);
    });
    this.select.addEventListener("change", () => this.page.seat(this, this.select.value));
    this.node.addEventListener("focusin", () => this.page.choose(this));
    this.node.addEventListener("pointerdown", () => this.page.choose(this));
    this.log.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.newer.addEventListener("click", () => this.#toBottom());
    this.log.addEventListener("click", (event) => this.#clicked(event));
    this.log.addEventListener("focusin", (event) => this.#pick(event.target));
    this.log.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#press(event.submitter ?? event.target.querySelector("button"), event.target);
    });
  }

  get account() {
    return this.person.account;
  }

  get shown() {
    return this.node.offsetParent !== null;
  }

  /** Put a person here, with all of his chat. */
  sit(person, people) {
    this.person = person;
    this.#rows.clear();
    this.#written = 0;
    this.log.replaceChildren();
    [this.last, this.selected] = [null, ""];
    this.refresh(people);
    this.#seen();
    for (const message of this.page.chat(person.chat)) this.put(message);
    this.#toBottom();
  }

  /** Show what is known of the people by now. */
  refresh(people) {
    const groups = grouped(people);
    this.select.replaceChildren(...[...groups].map(([department, members]) => group(department, members)));
    this.select.value = this.account;
    this.node.querySelector(".face").textContent = this.person.name.slice(-1);
    this.node.querySelector(".about").textContent = this.person.department;
    this.suggest();
  }

  suggest() {
    this.chips.replaceChildren(...words.suggestions(this.person, this.page.near).map((line) => this.#chip(line)));
  }

  #chip(line) {
    const chip = document.createElement("button");
    chip.type = "button";
    chip.textContent = line;
    chip.title = "放进输入框，可以改了再发";
    chip.addEventListener("click", () => this.prepare(line));
    return chip;
  }

  /** Put words into the input, to be sent or changed. */
  prepare(line) {
    this.input.value = line;
    this.input.focus();
    this.completion.update();
    this.completion.close();
  }

  // --- messages ---

  /** Show a message, or its newer face in the same place; what is being typed in an unchanged card stays. */
  put(message) {
    const known = this.#rows.get(message.message);
    const row = known?.row ?? document.createElement("li");
    this.#rows.set(message.message, { row, message });
    if (message.account) this.#words(row, message);
    else if (known?.message.face.html !== message.face.html) this.#card(row, message, Boolean(known));
    if (!known) this.#append(row, message);
  }

  #words(row, message) {
    row.className = "own";
    row.textContent = message.face;
    row.classList.toggle("failed", Boolean(message.failed));
  }

  #card(row, message, again) {
    const held = row.contains(document.activeElement);
    row.className = again ? "bot changed" : "bot";
    row.dataset.message = message.message;
    row.innerHTML = message.face.html;
    const card = row.firstElementChild;
    card.tabIndex = -1;
    card.setAttribute("aria-label", message.face.title);
    if (again && this.#follow) this.#reveal(row);
    if (held) (card.querySelector("input, select, textarea") ?? card).focus({ preventScroll: true });
  }

  #append(row, message) {
    const at = message.at;
    if (Math.abs(at - this.#written) > GAP) {
      const moment = document.createElement("li");
      moment.className = "moment";
      moment.textContent = `${words.day(at)} ${words.time(at)}`;
      this.log.append(moment);
    }
    this.#written = at;
    this.log.append(row);
    if (message.account || this.#follow) this.#reveal(row);
    if (!this.#follow || !this.shown) this.#news();
  }

  /** The end of the chat, or the beginning of a message that is longer than the phone. */
  #reveal(row) {
    if (this.log.matches(":active")) return this.#news(); // nothing moves under a finger
    const tall = row.offsetHeight > this.log.clientHeight - 16;
    if (!tall && row === this.log.lastElementChild) this.log.scrollTop = this.log.scrollHeight;
    else if (tall) this.log.scrollTop = row.offsetTop - 8;
    else row.scrollIntoView({ block: "nearest" });
  }

  // --- what has been read ---

  #scrolled() {
    if (!this.shown) return;
    this.#follow = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR;
    if (this.#follow) this.#seen();
  }

  /** Show the newest card with these words, or else the end. */
  find(text) {
    const row = [...this.log.querySelectorAll(".bot")].findLast((each) => text && each.textContent.includes(text));
    if (row) this.#reveal(row);
    else this.#toBottom();
    return Boolean(row);
  }

  #toBottom() {
    this.#follow = true;
    this.log.scrollTop = this.log.scrollHeight;
    this.#seen();
  }

  #news() {
    this.newer.hidden = this.dot.hidden = false;
    this.page.news(this, true);
  }

  #seen() {
    this.newer.hidden = this.dot.hidden = true;
    this.page.news(this, false);
  }

  /** The seat came into sight, on a phone. */
  appeared() {
    if (this.#follow) this.#toBottom();
  }

  // --- what a person does ---

  async say(text) {
    const line = text.trim();
    if (!line) return;
    const id = newId();
    this.input.value = "";
    this.completion.update();
    const [account, chat] = [this.account, this.person.chat];
    this.#follow = true;
    this.page.own({ message: `pp_${id}`, chat, account, face: line });
    const answer = await this.page.faults.deliver({ id, account, text: line });
    if (answer.error) {
      this.page.own({ message: `pp_${id}`, chat, account, face: line, failed: true });
      this.toast({ text: answer.error, tone: "error" });
      this.input.value ||= line;
    } else {
      this.page.did("say", line);
      this.#did(account, answer);
    }
  }

  #clicked(event) {
    const button = event.target.closest("button[type=button]");
    this.#pick(event.target);
    if (button?.dataset.value) this.#press(button);
    const link = event.target.closest("a.link");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !this.page.phone.takes(link)) return;
    event.preventDefault();
    this.page.did("press", link.textContent);
    this.page.phone.open(link);
  }

  /** The button that says this when it is pressed, on the newest card that has it and is not busy. */
  button(value) {
    const free = [...this.log.querySelectorAll("li:not([aria-busy]) button[data-value]")];
    return free.findLast((each) => each.dataset.value === value);
  }

  #press(button, form) {
    if (button.closest("li").getAttribute("aria-busy")) return;
    const values = form ? Object.fromEntries(new FormData(form)) : {};
    this.pressed(button, values);
    this.page.alsoPressed(this, button.dataset.value, values);
  }

  /** A button of a card was pressed, with what was filled in. */
  async pressed(button, values) {
    const row = button.closest("li");
    const press = { message_id: row.dataset.message, value: JSON.parse(button.dataset.value), form: values };
    const [account, chat] = [this.account, this.person.chat];
    const all = [...row.querySelectorAll("button")];
    const held = document.activeElement === button;
    row.setAttribute("aria-busy", "true");
    if (held) row.firstElementChild.focus({ preventScroll: true });
    for (const each of all) each.disabled = true;
    const answer = await this.page.faults.deliver({ id: newId(), account, press });
    row.removeAttribute("aria-busy");
    for (const each of all) each.disabled = false;
    if (answer.error) return this.toast({ text: answer.error, tone: "error" });
    this.page.did("press", button.textContent);
    if (answer.card) this.page.faced(chat, press.message_id, answer.card);
    else if (held && button.isConnected) button.focus({ preventScroll: true });
    if (this.account !== account) return;
    if (answer.toast) this.toast(answer.toast);
    if (answer.card) this.#reveal(row);
    this.#did(account, answer);
  }

  #did(account, answer) {
    if (this.account !== account) return;
    this.last = { event: answer.event, route: answer.route };
    this.page.looked(this);
  }

  toast({ text, tone }) {
    const toast = document.createElement("p");
    toast.className = tone;
    toast.textContent = text;
    this.toasts.append(toast);
    setTimeout(() => toast.remove(), TOAST_MS);
  }

  // --- for the inspector ---

  #pick(target) {
    const message = target.closest("li.bot")?.dataset.message;
    if (!message || message === this.selected) return;
    this.selected = message;
    this.page.looked(this);
  }

  /** The face of the card that was clicked, or of the newest one. */
  selectedFace() {
    const newest = [...this.#rows.values()].findLast((each) => !each.message.account);
    return (this.#rows.get(this.selected) ?? newest)?.message.face ?? null;
  }
}

function grouped(people) {
  const groups = new Map();
  for (const person of people) groups.set(person.department, [...(groups.get(person.department) ?? []), person]);
  return groups;
}

function group(department, members) {
  const node = document.createElement("optgroup");
  node.label = department;
  node.append(...members.map((each) => new Option(`${each.name} · ${words.rolesOf(each)}`, each.account)));
  return node;
}
