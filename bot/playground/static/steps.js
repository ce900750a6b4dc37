// The seven steps of the tour: what to do and what then happens. Every line is also what a test does, word by word.

const NAME = "苏州澄光精密仪器有限公司";
const SHORT = "苏州澄光";
const ENTRY =
  `/新客户 客户全称:${NAME} 客户性质:企业 所属行业:电子设备 客户来源:展会推广 联系人姓名:李雷 手机:13912345678`;

const clock = (label, times = 1) => ({
  move: label,
  times,
  text: `${times > 1 ? `点 ${times} 次` : "点"}时钟的【${label}】`,
});
const says = (place, say) => ({ place, say, text: `在「${place}」的窗口里发：${say}` });
const presses = (place, card, press) => ({
  place,
  card,
  press,
  text: `在「${place}」的窗口里，最新的卡片「${card}」上点【${press}】`,
});
const fills = (place, card, form) => ({
  place,
  card,
  text: `在「${place}」的窗口里，最新的卡片「${card}」上填：${form}`,
});
const thenFills = (form) => ({ text: `接着填：${form}` });
const thenPresses = (press) => ({ press, text: `点【${press}】` });
const rates = (question, stars) => ({ text: `在客户的手机上，${question}选【${stars}】` });
const sees = (place, see) => ({ place, see, text: `在「${place}」的窗口里看到：${see}` });

export const STEPS = [
  {
    title: "一句话录入客户",
    why: "销售不打开任何系统。写漏了也不要紧，会打开填好一半的表单。",
    lines: [clock("下一个工作日 9:00"), says("销售", ENTRY), sees("主管", `待审核 · ${NAME}`)],
  },
  {
    title: "主管点一下就审核",
    why: "一个人点了，所有人手里的同一张卡片一起变。",
    lines: [presses("主管", `待审核 · ${NAME}`, "通过"), sees("销售", "已建档")],
  },
  {
    title: "记一次跟进，到点提醒",
    why: "下次什么时候联系，用平常的话说；到点自动提醒，程序重启也不会忘。",
    lines: [
      says("销售", `/跟进 ${SHORT} 已报价，等回复 方式:电话 下次:半小时后`),
      sees("销售", `已记录跟进 · ${NAME}`),
      clock("+1 小时"),
      sees("销售", `该跟进了 · ${NAME}`),
    ],
  },
  {
    title: "投诉的两小时",
    why: "两小时内要首次响应。剩一小时提醒处理人，剩半小时提醒客服主管，主管五分钟没点【收到】就告诉经理。",
    lines: [
      says("客服", `/投诉 ${SHORT} 第二批货外壳有裂纹 渠道:电话`),
      sees("销售", "第二批货外壳有裂纹"),
      clock("+1 小时"),
      clock("+15 分钟", 3),
      sees("经理", "第二批货外壳有裂纹"),
    ],
  },
  {
    title: "首次响应，钟停了",
    why: "记下首次响应，后面的提醒全部取消，每个人的卡片都变绿。",
    lines: [
      presses("客服", "投诉 · TS", "首次响应"),
      fills("客服", "首次响应 · TS", "问题核心 外壳有裂纹要换货，是否致歉 是"),
      thenPresses("首次响应"),
      sees("经理", "外壳有裂纹要换货"),
    ],
  },
  {
    title: "成交，再听客户怎么说",
    why: "成交三天后会自动发出问卷，这里直接发。客户不用登录，答完马上就看得到；两分以下自动成为投诉。",
    lines: [
      says("销售", `/成交 ${SHORT} 设备巡检系统 金额:12.8万`),
      says("销售", `/问卷 ${SHORT}`),
      presses("销售", `满意度问卷 · ${NAME}`, "打开问卷"),
      rates("总体满意度", "5 分"),
      thenFills("想对我们说的话 交货很准时"),
      thenPresses("提交"),
      sees("销售", "交货很准时"),
    ],
  },
  {
    title: "早上九点，简报自动送到",
    why: "没有人做报表：刚才的新客户和成交都在里面，点【查看】就打开那些记录。销售收到的是今天要做的事。",
    lines: [
      clock("下一个工作日 9:00"),
      clock("+15 分钟"),
      sees("经理", "简报 ·"),
      sees("销售", "今天 ·"),
    ],
  },
];
