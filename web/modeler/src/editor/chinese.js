// Every word of the modeler in Chinese: the community's translation, with the words of the house (docs/glossary.md) over
// it. What nobody translated is written down, so that a test can find it (window.lianxinEditor.untranslated).
import { bpmnJs } from "./community.js";

const OURS = {
  Task: "任务（未定类型）",
  "User task": "用户任务（由人办理）",
  "Service task": "服务任务（系统自动）",
  "Send task": "发送任务（抄送、通知）",
  "Receive task": "接收任务（等待消息）",
  "Manual task": "手工任务",
  "Business rule task": "决策任务（按决策表）",
  "Script task": "脚本任务（计算）",
  "Call activity": "调用活动（另一张流程图）",
  Transaction: "事务子流程",
  "Event sub-process": "事件子流程",
  "Sub-process": "子流程",
  "Sub-process (collapsed)": "子流程（折叠）",
  "Sub-process (expanded)": "子流程（展开）",
  "Ad-hoc sub-process": "特别子流程",
  "Ad-hoc sub-process (collapsed)": "特别子流程（折叠）",
  "Ad-hoc sub-process (expanded)": "特别子流程（展开）",
  "Exclusive gateway": "独占网关（只走一条）",
  "Parallel gateway": "并行网关（同时走）",
  "Inclusive gateway": "包容网关（走符合条件的）",
  "Event-based gateway": "事件网关（先到先走）",
  "Expanded pool/participant": "泳池（展开）",
  "Empty pool/participant": "泳池（空）",
  "Empty pool/participant (removes content)": "空泳池（删去其中内容）",
  "Boundary event": "边界事件",
  "Sequence flow": "连线",
  "Default flow": "默认连线（其他情况）",
  "Conditional flow": "条件连线",
  Collection: "集合",
  Loop: "循环",
  "Parallel multi-instance": "多人同时办理",
  "Sequential multi-instance": "多次依次办理",
  "Participant multiplicity": "多个参与方",
  "Toggle non-interrupting": "切换是否中断原环节",
  Delete: "删除",
  Remove: "删除",
  "Add lane above": "在上方加一条泳道",
  "Add lane below": "在下方加一条泳道",
  "Divide into two lanes": "分成两条泳道",
  "Divide into three lanes": "分成三条泳道",
  "Change element": "更换类型",
  "Connect to other element": "连接到其他图形",
  "Connect using association": "用虚线连接注释",
  "Connect using data input association": "连接数据",
  "Append task": "在其后加任务",
  "Append gateway": "在其后加网关",
  "Append end event": "在其后加结束事件",
  "Append intermediate/boundary event": "在其后加中间事件",
  "Append receive task": "在其后加接收任务",
  "Append message intermediate catch event": "在其后加等待消息",
  "Append timer intermediate catch event": "在其后加定时等待",
  "Append signal intermediate catch event": "在其后加等待信号",
  "Append conditional intermediate catch event": "在其后加条件事件",
  "Append compensation activity": "在其后加补偿活动",
  "Add text annotation": "加文字注释",
  "Align elements": "对齐",
  "Align elements left": "左对齐",
  "Align elements right": "右对齐",
  "Align elements top": "上对齐",
  "Align elements bottom": "下对齐",
  "Align elements center": "左右居中",
  "Align elements middle": "上下居中",
  "Distribute elements horizontally": "横向等距",
  "Distribute elements vertically": "纵向等距",
  "Activate hand tool": "拖动画布",
  "Activate lasso tool": "框选",
  "Activate create/remove space tool": "腾出或收拢空间",
  "Activate global connect tool": "画连线",
  "Search in diagram": "在图中查找",
  "Open {element}": "打开{element}",
  "Create {element}": "画{element}",
  "open sub-process": "打开子流程",
  "flow elements must be children of pools/participants": "图形要放在泳池里面",
  "Data object must be placed within a pool/participant.": "数据对象要放在泳池里面。",
  "Reference": "引用",
};

const WORDS = { ...bpmnJs, ...OURS };
export const untranslated = new Set();

export function translate(template, replacements = {}) {
  const word = WORDS[template];
  if (word === undefined && /[A-Za-z]{2}/.test(template)) untranslated.add(template);
  return (word ?? template).replace(/\{([^}]+)\}/g, (whole, name) => {
    const value = replacements[name];
    return value === undefined ? whole : (WORDS[value] ?? value);
  });
}

export const chineseModule = { translate: ["value", translate] };
