// The playground: five seats at one program, and the clock they share.

import { Clock } from "./clock.js";
import { Faults } from "./faults.js";
import { Inspector } from "./inspector.js";
import { Phone } from "./phone.js";
import { Seat } from "./seat.js";
import { Feed, get, post } from "./server.js";
import { Tour } from "./tour.js";
import * as words from "./words.js";

const $ = (id) => document.getElementById(id);
const MEMORY = "keban.playground.seats";
const TEACHING = ["已建档", "投诉 · "];
const LEARN_AFTER = 400;

class Page {
  #chats = new Map();
  #learning = 0;
  #newest = 0;
  #changed = 0;
  #opener = null;
  #aside = null;

  async open() {
    const { people, now, faults } = await get("people");
    this.people = people.filter((person) => person.account);
    if (!this.people.length) return this.#nobody();
    this.clock = new Clock({
      say: (toast) => this.current.toast(toast),
      moved: (label) => this.did("move", label),
      anew: () => this.#anew(),
    });
    this.clock.set(now);
    this.faults = new Faults((toast) => this.current.toast(toast));
    this.phone = new Phone(this);
    this.seats = words.PLACES.map((_, index) => new Seat(index, this));
    this.current = this.seats[0];
    $("seats").replaceChildren(...this.seats.map((seat) => seat.node), this.phone.node);
    $("tabs").replaceChildren(...this.seats.map((seat) => this.#tab(seat)));
    const remembered = this.#remembered();
    const usual = words.seated(this.people);
    this.seats.forEach((seat, index) => seat.sit(this.#person(remembered[index]) ?? usual[index], this.people));
    this.inspector = new Inspector(() => this.current);
    this.choose(this.seats[0]);
    this.#starting();
    this.faults.set(faults);
    const hear = { shown: (row) => this.#shown(row), state: (...told) => this.#state(...told) };
    new Feed({ ...hear, lost: (is) => this.#lost(is) }).start();
    this.#guided();
  }

  /** The tour is an extra: where it fails, the page goes on without it. */
  #guided() {
    try {
      this.tour = new Tour(this);
    } catch (failure) {
      reportError(failure);
    }
  }

  #nobody() {
    const empty = document.createElement("p");
    empty.className = "nobody";
    empty.textContent = "演练场里还没有人。在终端运行 make demo-reset 载入演示公司，再刷新这一页。";
    $("seats").replaceChildren(empty);
  }

  // --- what everybody sees ---

  /** The messages of a chat, oldest first. */
  chat(name) {
    return [...(this.#chats.get(name)?.values() ?? [])];
  }

  #state({ now, faults }, whole) {
    this.clock.set(now);
    this.faults.set(faults);
    if (whole) this.tour?.compare();
  }

  #shown(row) {
    this.#newest = Math.max(this.#newest, row.id);
    const at = Date.parse(row.at) + this.clock.offset;
    const known = this.#chats.get(row.chat)?.get(row.message);
    this.#put({ ...row, at: known?.at ?? at });
    if (!row.account && TEACHING.some((title) => row.face.title.startsWith(title))) this.#learn();
  }

  /** A person's own words, before the server has them. */
  own(message) {
    const known = this.#chats.get(message.chat)?.get(message.message);
    this.#put({ at: known?.at ?? this.clock.now, ...message });
  }

  /** A card's face that came with the answer to a press: newer than what the feed told, and without a number yet. */
  faced(chat, message, face) {
    const known = this.#chats.get(chat)?.get(message);
    if (known) this.#put({ ...known, face, changed: (this.#changed += 1) });
  }

  #put(told) {
    const message = told.account ? told : { ...told, plain: words.plain(told.face.html) };
    if (!this.#chats.has(message.chat)) this.#chats.set(message.chat, new Map());
    this.#chats.get(message.chat).set(message.message, message);
    for (const seat of this.seats) if (seat.person.chat === message.chat) seat.put(message);
    if (this.current.person.chat === message.chat) this.inspector.refresh();
    this.tour?.look();
  }

  /** Suggestions name a customer and a complaint; after a new one is filed they may know a better one. */
  #learn() {
    clearTimeout(this.#learning);
    this.#learning = setTimeout(async () => {
      const { people } = await get("people").catch(() => ({ people: [] }));
      if (!people.length) return;
      this.people = people.filter((person) => person.account);
      for (const seat of this.seats) {
        seat.person = this.#person(seat.account) ?? seat.person;
        if (document.activeElement !== seat.select) seat.refresh(this.people);
        else seat.suggest();
      }
    }, LEARN_AFTER);
  }

  #lost(is) {
    $("lost").hidden = !is;
  }

  // --- seats ---

  #person(account) {
    return this.people.find((person) => person.account === account);
  }

  #remembered() {
    try {
      const kept = JSON.parse(localStorage.getItem(MEMORY));
      return Array.isArray(kept) ? kept : [];
    } catch {
      return [];
    }
  }

  /** A customer for who has none: one of the first seat's. */
  get near() {
    return this.seats[0].person?.customer ?? "";
  }

  /** Put somebody else in a seat, and remember it. */
  seat(seat, account) {
    seat.sit(this.#person(account), this.people);
    for (const each of this.seats) each.suggest();
    try {
      localStorage.setItem(MEMORY, JSON.stringify(this.seats.map((each) => each.account)));
    } catch {
      // a browser that keeps nothing: the seats are the usual ones next time
    }
    this.looked(seat);
  }

  #tab(seat) {
    const tab = document.createElement("button");
    tab.type = "button";
    tab.id = `tab-${seat.index}`;
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", seat.node.id);
    tab.textContent = seat.place;
    tab.addEventListener("click", () => this.choose(seat));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: this.seats.length - 1 }[event.key];
      if (!step) return;
      const next = (seat.index + step) % this.seats.length;
      this.choose(this.seats[next]);
      $(`tab-${next}`).focus();
    });
    return tab;
  }

  /** The seat somebody works at: its tab is open, the inspector looks at it. */
  choose(seat) {
    const hidden = !seat.shown;
    this.current = seat;
    document.body.classList.remove("at-phone");
    if (seat === this.#aside) this.#makeRoom();
    for (const each of this.seats) {
      each.node.classList.toggle("current", each === seat);
      $(`tab-${each.index}`).setAttribute("aria-selected", String(each === seat));
      $(`tab-${each.index}`).tabIndex = each === seat ? 0 : -1;
    }
    if (hidden) seat.appeared(); // one that was in sight stays as it is: somebody may be pressing there
    this.inspector.refresh();
  }

  looked(seat) {
    if (seat === this.current) this.inspector?.refresh();
  }

  // --- for the tour, the customer's phone and trouble to order ---

  #placed(place) {
    return this.seats.find((seat) => seat.place === place);
  }

  /** How far things are: the feed's newest number, and how many faces came with answers. */
  get newest() {
    return { id: this.#newest, changed: this.#changed };
  }

  /** Somebody did something that the tour may have asked for. */
  did(kind, what) {
    this.tour?.did(kind, what);
  }

  /** Bring a seat into sight, and in it the card with these words. */
  visit(place, text) {
    const seat = this.#placed(place);
    this.choose(seat);
    seat.node.scrollIntoView({ behavior: "smooth", block: "nearest", inline: "nearest" });
    if (!seat.find(text) && text) seat.toast({ text: `这里还没有「${text}」`, tone: "info" });
    return seat;
  }

  /** Put words where they are typed; sending them stays with the person. */
  prepare(place, line) {
    this.visit(place).prepare(line);
  }

  /** Whether a card with these words appeared in a seat's chat, or came to say them, since then. */
  sees(place, text, since) {
    const cards = this.chat(this.#placed(place).person.chat).filter(({ account }) => !account);
    const newer = cards.filter(({ id, changed = 0 }) => id > since.id || changed > since.changed);
    return newer.some(({ plain }) => plain.includes(text));
  }

  /** The phone came or went; where one thing at a time is seen, it takes the place of the seat until one is chosen. */
  phoning(is) {
    document.body.classList.toggle("at-phone", is);
    this.#opener = is ? this.current : null;
    this.#makeRoom();
    if (is) return this.phone.node.scrollIntoView({ behavior: "smooth", block: "nearest", inline: "end" });
    this.current.appeared();
    this.current.input.focus();
  }

  /** One seat gives way to the phone: not the one somebody works at, nor the one that opened it; and it stays the one. */
  #makeRoom() {
    const [first, second, third] = this.seats;
    const free = [this.#aside, second, first, third].filter((seat) => seat && ![this.current, this.#opener].includes(seat));
    const before = this.#aside;
    this.#aside = this.#opener && free[0];
    for (const seat of this.seats) seat.node.classList.toggle("aside", seat === this.#aside);
    if (before !== this.#aside) before?.appeared();
  }

  /** Somebody else presses the same button in the same moment, where that was ordered. */
  alsoPressed(seat, value, values) {
    if (!this.faults.takeBoth()) return;
    const other = this.seats.find((each) => each.account !== seat.account && each.button(value));
    if (other) other.pressed(other.button(value), values);
    else seat.toast({ text: "别的窗口里没有同样的按钮，只有你按了", tone: "info" });
  }

  news(seat, are) {
    $(`tab-${seat.index}`)?.classList.toggle("news", are);
  }

  // --- starting over ---

  #anew() {
    this.tour?.anew();
    location.reload();
  }

  #starting() {
    $("fresh").addEventListener("click", () => $("sure").showModal());
    $("sure").addEventListener("close", async () => {
      if ($("sure").returnValue !== "yes") return;
      $("sure").returnValue = "";
      $("fresh").disabled = true;
      this.current.toast({ text: "正在重新载入演示公司，请稍等。", tone: "info" });
      const answer = await post("reset", {}, []);
      $("fresh").disabled = false;
      if (answer.error) return this.current.toast({ text: answer.error, tone: "error" });
      this.#anew();
    });
  }
}

new Page().open().catch(() => {
  $("lost").textContent = "没有连上程序。请检查它是否在运行，再刷新这一页。";
  $("lost").hidden = false;
});
