// Words for people: roles, seats, suggested sentences, moments.

export const ROLES = {
  sales_rep: "销售",
  supervisor: "主管",
  service_agent: "客服",
  service_lead: "客服主管",
  marketer: "市场",
  marketing_manager: "市场经理",
  legal: "法务",
  manager: "经理",
  admin: "管理员",
  tech_support: "技术支持",
  solution_expert: "方案专家",
  consultant: "顾问",
  success_manager: "客户成功",
};
export const PLACES = ["销售", "同事", "主管", "经理"];
const WEEK = "日一二三四五六";

export const rolesOf = (person) => person.roles.map((role) => ROLES[role] ?? role).join("、") || "员工";

/** Who sits where at first: two salespeople of one department, who leads it, a manager. */
export function seated(people) {
  const has = (role) => people.filter((person) => person.roles.includes(role));
  const plain = has("sales_rep").filter((person) => !person.roles.includes("supervisor"));
  const of = (person, group) => group.filter((each) => each.department === person.department && each !== person);
  const rep = plain.find((each) => of(each, plain).length && of(each, has("supervisor")).length) ?? plain[0];
  const near = rep ? [of(rep, plain)[0], of(rep, has("supervisor"))[0]] : [];
  const wanted = [rep, near[0] ?? plain.find((each) => each !== rep), near[1] ?? has("supervisor")[0]];
  wanted.push(has("manager")[0] ?? has("admin")[0]);
  const taken = new Set(wanted.filter(Boolean));
  const others = people.filter((person) => !taken.has(person));
  return PLACES.map((_, index) => wanted[index] ?? others.shift() ?? people[0]);
}

/** Three sentences this person may say. */
export function suggestions(person) {
  const names = new Set(person.commands.map((command) => command.usage.split(" ")[0]));
  const leads = person.roles.some((role) => ["supervisor", "manager", "admin"].includes(role));
  const name = person.customer;
  const selling = ["/新客户", name ? `/跟进 ${name} 已报价，等回复 方式:电话 下次:明天上午10点` : "/跟进"];
  selling.push(name ? `/查 ${name.slice(0, 2)}` : "/帮助 跟进");
  const leading = ["/待审", name ? `/客户 ${name}` : "/帮助 待审", "/帮助 跟进"];
  const more = ["/帮助", "你好", "/帮助 新客户"];
  const may = (line) => !line.startsWith("/") || names.has(line.split(" ")[0]);
  return [...new Set([...(leads ? leading : selling), ...more])].filter(may).slice(0, 3);
}

/** A moment of the office's zone as plain numbers: `2026-11-25T10:00:00+08:00` → milliseconds as if it were UTC. */
export const local = (iso) => Date.parse(`${iso.slice(0, 19)}Z`);

/** How many milliseconds the office's clock differs from UTC. */
export const offset = (iso) => local(iso) - Date.parse(iso);

const two = (number) => String(number).padStart(2, "0");

export function time(at) {
  const moment = new Date(at);
  return `${moment.getUTCHours()}:${two(moment.getUTCMinutes())}`;
}

export function day(at) {
  const moment = new Date(at);
  return `${moment.getUTCMonth() + 1}月${moment.getUTCDate()}日 周${WEEK[moment.getUTCDay()]}`;
}

/** 183900 → 2 天 3 小时 */
export function span(seconds) {
  const minutes = Math.max(1, Math.round(seconds / 60));
  const parts = [[Math.floor(minutes / 1440), "天"], [Math.floor(minutes / 60) % 24, "小时"], [minutes % 60, "分钟"]];
  return parts.filter(([number]) => number).slice(0, 2).map(([number, unit]) => `${number} ${unit}`).join(" ");
}
