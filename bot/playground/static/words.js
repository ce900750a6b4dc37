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
export const PLACES = ["销售", "同事", "主管", "经理", "客服"];
const WEEK = "日一二三四五六";

export const rolesOf = (person) => person.roles.map((role) => ROLES[role] ?? role).join("、") || "员工";

/** Who sits where at first: two salespeople of one department, who leads it, a manager, a service agent. */
export function seated(people) {
  const has = (role) => people.filter((person) => person.roles.includes(role));
  const plain = has("sales_rep").filter((person) => !person.roles.includes("supervisor"));
  const of = (person, group) => group.filter((each) => each.department === person.department && each !== person);
  const rep = plain.find((each) => of(each, plain).length && of(each, has("supervisor")).length) ?? plain[0];
  const near = rep ? [of(rep, plain)[0], of(rep, has("supervisor"))[0]] : [];
  const wanted = [rep, near[0] ?? plain.find((each) => each !== rep), near[1] ?? has("supervisor")[0]];
  wanted.push(has("manager")[0] ?? has("admin")[0], has("service_agent")[0] ?? has("service_lead")[0]);
  const taken = new Set(wanted.filter(Boolean));
  const others = people.filter((person) => !taken.has(person));
  return PLACES.map((_, index) => wanted[index] ?? others.shift() ?? people[0]);
}

const selling = (name) => name
  ? ["/新客户", `/跟进 ${name} 已报价，等回复 方式:电话 下次:明天上午10点`, "/今天", `/成交 ${name} 设备巡检系统 金额:12.8万`, `/问卷 ${name}`]
  : ["/新客户", "/跟进", "/今天"];
const leading = () => ["/简报", "/待审", "/投诉"];
const serving = (name, complaint) => [
  name ? `/投诉 ${name} 第二批货外壳有裂纹 渠道:电话` : "/帮助 投诉",
  "/投诉",
  complaint ? `/首响 ${complaint} 外壳有裂纹，客户要求换货 致歉:是` : "/帮助 首响",
];

/** Sentences this person may say; `near` is a customer for those who have none of their own. */
export function suggestions(person, near) {
  const names = new Set(person.commands.map((command) => command.usage.split(" ")[0]));
  const is = (...roles) => person.roles.some((role) => roles.includes(role));
  const may = (line) => !line.startsWith("/") || names.has(line.split(" ")[0]);
  if (is("supervisor", "manager", "admin")) return leading().filter(may);
  if (is("service_agent", "service_lead")) return serving(near || person.customer, person.complaint).filter(may);
  const lines = selling(person.customer).filter(may);
  return lines.length ? lines : ["/投诉", "/帮助", "你好"].filter(may);
}

/** What a piece of HTML says, without its signs. */
export const plain = (html) => new DOMParser().parseFromString(html, "text/html").body.textContent;

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
