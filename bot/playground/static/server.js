// What the page asks of the server: questions that are tried again, and the feed of what people see.

const TRIES = [400, 1200, 3000];
const POLL_EVERY = 1000;
const STREAM_AGAIN = 30_000;
const PATIENCE = 2500;
/** How many rows the server tells at once; after fewer there are no more. */
const BATCH = 200;

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** An id that stays the same when a question is asked again. */
export function newId() {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export async function get(path) {
  const answer = await fetch(path, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
}

/** Post; what fails on the way is tried again. A refusal comes back as `{error}`. */
export async function post(path, body, tries = TRIES) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const answer = await fetch(path, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      });
      if (answer.ok || answer.status === 409) return await answer.json();
      if (answer.status < 500) return { error: `没有被接受（${answer.status}），请刷新页面再试。` };
    } catch {
      // the network: again below
    }
    if (attempt >= tries.length) return { error: "没有发出去，请检查程序是否还在运行，再试一次。" };
    await pause(tries[attempt]);
  }
}

/** Follows what appears: by a stream, or by asking every second where no stream is free. */
export class Feed {
  #after = 0;
  #hear;
  #waiting = 0;
  #rows = 0;

  /** `hear.state` is also told whether everything that appeared has been told by then. */
  constructor(hear) {
    this.#hear = hear;
  }

  start() {
    const stream = new EventSource(`stream?after=${this.#after}`);
    stream.addEventListener("open", () => this.#connected());
    stream.addEventListener("shown", (event) => this.#take([JSON.parse(event.data)]));
    stream.addEventListener("state", (event) => this.#stands(JSON.parse(event.data)));
    stream.addEventListener("error", () => {
      if (stream.readyState !== EventSource.CLOSED) return this.#trouble();
      stream.close();
      this.#poll(performance.now() + STREAM_AGAIN);
    });
  }

  async #poll(until) {
    while (performance.now() < until) {
      try {
        const { shown, ...state } = await get(`shown?after=${this.#after}`);
        this.#connected();
        this.#take(shown);
        this.#stands(state);
        if (shown.length) continue;
      } catch {
        this.#trouble();
      }
      await pause(POLL_EVERY);
    }
    this.start();
  }

  #stands(state) {
    this.#hear.state(state, this.#rows < BATCH);
    this.#rows = 0;
  }

  #take(rows) {
    this.#rows += rows.length;
    for (const row of rows) {
      this.#after = Math.max(this.#after, row.id);
      this.#hear.shown(row);
    }
  }

  #connected() {
    clearTimeout(this.#waiting);
    this.#waiting = 0;
    this.#hear.lost(false);
  }

  /** A stream that ends on purpose is back in a moment; only a longer silence is worth a word. */
  #trouble() {
    this.#waiting ||= setTimeout(() => this.#hear.lost(true), PATIENCE);
  }
}
