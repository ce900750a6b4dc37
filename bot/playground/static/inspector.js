// The drawer that shows what lies behind the selected seat: its last event, and a card as Feishu gets it.

const $ = (id) => document.getElementById(id);
const KILO = 1024;
const FEISHU_BYTES = 30 * KILO;
const FEISHU_PARTS = 200;

/** How many elements the platform counts: everything with a tag. */
function parts(value) {
  if (Array.isArray(value)) return value.reduce((sum, each) => sum + parts(each), 0);
  if (value === null || typeof value !== "object") return 0;
  return ("tag" in value ? 1 : 0) + parts(Object.values(value));
}

export class Inspector {
  /** `look()` gives the seat to show. */
  constructor(look) {
    this.look = look;
    $("behind").addEventListener("click", () => this.toggle($("inspector").hidden));
    $("inspector-close").addEventListener("click", () => this.toggle(false));
    $("inspector").addEventListener("keydown", (event) => event.key === "Escape" && this.toggle(false));
  }

  toggle(open) {
    $("inspector").hidden = !open;
    document.body.classList.toggle("looking", open);
    $("behind").setAttribute("aria-expanded", String(open));
    this.refresh();
    (open ? $("inspector-close") : $("behind")).focus();
  }

  refresh() {
    if ($("inspector").hidden) return;
    const seat = this.look();
    $("inspector-who").textContent = `${seat.person.name}（${seat.place}）`;
    this.#event(seat.last);
    this.#card(seat.selectedFace());
  }

  #event(last) {
    $("inspector-route").textContent = last ? last.route || "没有对应的命令" : "还没有操作";
    $("inspector-event").hidden = !last;
    $("inspector-event").textContent = last ? JSON.stringify(last.event, null, 2) : "";
  }

  #card(face) {
    $("inspector-limits").hidden = $("inspector-json").hidden = !face;
    $("inspector-card").textContent = face
      ? `「${face.title}」发给飞书的内容：`
      : "点一下聊天里的任何卡片，就能看到它发给飞书的样子。";
    if (!face) return;
    const tags = parts(face.feishu);
    $("inspector-size").textContent = `${(face.bytes / KILO).toFixed(1)} KB / ${FEISHU_BYTES / KILO} KB`;
    $("inspector-parts").textContent = `${tags} / ${FEISHU_PARTS}`;
    $("inspector-bytes").value = face.bytes;
    $("inspector-tags").value = tags;
    $("inspector-json").textContent = JSON.stringify(face.feishu, null, 2);
  }
}
