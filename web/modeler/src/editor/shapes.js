// What somebody may draw, in the words of the house. One list for the palette on the left, the menu 在其后插入 and the
// menu 贴在环节上. Everything here is executed by the engine (docs/bpmn.md); nothing it refuses is offered.
const event = (kind) => ({ eventDefinitionType: `bpmn:${kind}EventDefinition` });

export const SHAPES = [
  { id: "user", group: "step", label: "用户任务（由人办理）", icon: "bpmn-icon-user-task", type: "bpmn:UserTask" },
  { id: "service", group: "step", label: "服务任务（系统自动）", icon: "bpmn-icon-service-task", type: "bpmn:ServiceTask" },
  { id: "send", group: "step", label: "发送任务（抄送、通知）", icon: "bpmn-icon-send-task", type: "bpmn:SendTask" },
  { id: "rule", group: "step", label: "决策任务（按决策表）", icon: "bpmn-icon-business-rule-task", type: "bpmn:BusinessRuleTask" },
  { id: "call", group: "step", label: "调用活动（另一张流程图）", icon: "bpmn-icon-call-activity", type: "bpmn:CallActivity" },
  { id: "subprocess", group: "step", label: "子流程", icon: "bpmn-icon-subprocess-expanded", type: "bpmn:SubProcess", isExpanded: true },
  { id: "exclusive", group: "gateway", label: "独占网关（只走一条）", icon: "bpmn-icon-gateway-xor", type: "bpmn:ExclusiveGateway" },
  { id: "parallel", group: "gateway", label: "并行网关（同时走）", icon: "bpmn-icon-gateway-parallel", type: "bpmn:ParallelGateway" },
  { id: "inclusive", group: "gateway", label: "包容网关（走符合条件的）", icon: "bpmn-icon-gateway-or", type: "bpmn:InclusiveGateway" },
  { id: "first", group: "gateway", label: "事件网关（先到先走）", icon: "bpmn-icon-gateway-eventbased", type: "bpmn:EventBasedGateway" },
  { id: "start", group: "event", label: "开始事件", icon: "bpmn-icon-start-event-none", type: "bpmn:StartEvent", first: true },
  { id: "timer", group: "event", label: "定时等待", icon: "bpmn-icon-intermediate-event-catch-timer", type: "bpmn:IntermediateCatchEvent", ...event("Timer") },
  { id: "message", group: "event", label: "等待消息", icon: "bpmn-icon-intermediate-event-catch-message", type: "bpmn:IntermediateCatchEvent", ...event("Message") },
  { id: "end", group: "event", label: "结束事件", icon: "bpmn-icon-end-event-none", type: "bpmn:EndEvent" },
  { id: "terminate", group: "event", label: "终止结束（其余环节一并结束）", icon: "bpmn-icon-end-event-terminate", type: "bpmn:EndEvent", ...event("Terminate") },
];

export const ATTACHED = [
  { id: "limit", label: "定时边界事件，到时不中断（时限、催办、督办）", type: "bpmn:BoundaryEvent", cancelActivity: false, ...event("Timer") },
  { id: "cut", label: "定时边界事件，到时中断", type: "bpmn:BoundaryEvent", cancelActivity: true, ...event("Timer") },
  { id: "told", label: "消息边界事件，不中断", type: "bpmn:BoundaryEvent", cancelActivity: false, ...event("Message") },
  { id: "stopped", label: "消息边界事件，中断", type: "bpmn:BoundaryEvent", cancelActivity: true, ...event("Message") },
  { id: "error", label: "错误边界事件", type: "bpmn:BoundaryEvent", cancelActivity: true, ...event("Error") },
];

const TYPES = {
  "bpmn:Process": "流程", "bpmn:Collaboration": "流程图", "bpmn:Participant": "泳池", "bpmn:Lane": "泳道",
  "bpmn:StartEvent": "开始事件", "bpmn:EndEvent": "结束事件", "bpmn:BoundaryEvent": "边界事件",
  "bpmn:IntermediateCatchEvent": "等待事件", "bpmn:IntermediateThrowEvent": "发出事件", "bpmn:Task": "任务（未定类型）",
  "bpmn:UserTask": "用户任务", "bpmn:ManualTask": "手工任务", "bpmn:ServiceTask": "服务任务", "bpmn:SendTask": "发送任务",
  "bpmn:ReceiveTask": "接收任务", "bpmn:ScriptTask": "脚本任务", "bpmn:BusinessRuleTask": "决策任务",
  "bpmn:CallActivity": "调用活动", "bpmn:SubProcess": "子流程", "bpmn:Transaction": "事务子流程",
  "bpmn:ExclusiveGateway": "独占网关", "bpmn:InclusiveGateway": "包容网关", "bpmn:ParallelGateway": "并行网关",
  "bpmn:EventBasedGateway": "事件网关", "bpmn:SequenceFlow": "连线", "bpmn:Association": "注释连线",
  "bpmn:MessageFlow": "消息连线", "bpmn:TextAnnotation": "文字注释", "bpmn:Group": "分组框",
  "bpmn:DataObjectReference": "数据对象", "bpmn:DataStoreReference": "数据存储",
};
const EVENTS = {
  "bpmn:TimerEventDefinition": "定时", "bpmn:MessageEventDefinition": "消息", "bpmn:SignalEventDefinition": "信号",
  "bpmn:ErrorEventDefinition": "错误", "bpmn:EscalationEventDefinition": "升级", "bpmn:TerminateEventDefinition": "终止",
  "bpmn:LinkEventDefinition": "链接", "bpmn:CancelEventDefinition": "取消",
};

/** What kind of thing an element is: 「定时边界事件」. */
export function kindOf(element) {
  const object = element.businessObject ?? element;
  const trigger = object.eventDefinitions?.[0]?.$type;
  return (EVENTS[trigger] ?? "") + (TYPES[object.$type] ?? "图形");
}

/** An element as a list shows it: its name, else its kind; a flow by the ends it connects. */
export function nameOf(element) {
  const object = element.businessObject ?? element;
  if (object.$type === "bpmn:TextAnnotation") return object.text || "（空的注释）";
  if (object.name) return object.name.replace(/\s+/g, " ");
  if (object.$type === "bpmn:SequenceFlow") return `${nameOf(object.sourceRef)} → ${nameOf(object.targetRef)}`;
  return `（未命名的${kindOf(object)}）`;
}

export const isType = (element, ...types) => types.some((type) => (element?.businessObject ?? element)?.$instanceOf?.(type));
