"""What our executor does not do. One table for lint and executor: whoever teaches the executor an element removes its
line here. Everything named is refused at deployment, with the element's id, never ignored silently."""

from collections.abc import Mapping

# tag, or a pseudo-tag for an attribute → (Chinese: what to do instead, English)
UNSUPPORTED: Mapping[str, tuple[str, str]] = {
    "complexGateway": (
        "不支持复杂网关，请改用独占、包容或并行网关",
        "complex gateways: use exclusive, inclusive or parallel ones",
    ),
    "adHocSubProcess": ("不支持特别子流程，请改用普通子流程", "ad-hoc subprocesses: use a plain subprocess"),
    "compensation": ("不支持补偿，请把补救步骤直接画出来", "compensation: draw the remedy as steps"),
    "instantiate": (
        "不支持由接收任务或事件网关启动流程，请改用消息开始事件",
        "instantiating receive tasks: use a message start event",
    ),
    "multipleEvents": (
        "一个事件只能有一种触发条件，请拆成几个事件",
        "several event definitions on one event: split the event",
    ),
    "assignment": ("不支持数据关联中的赋值，请改用脚本任务", "data association assignments: use a script task"),
    "transformation": ("不支持数据关联中的转换，请改用脚本任务", "data association transformations: use a script task"),
    "correlationSubscription": (
        "不支持消息关联设置，消息由系统按案件投递",
        "correlation: messages are routed by the case",
    ),
    "globalTask": ("不支持全局任务，请画在流程里", "global tasks"),
    "globalUserTask": ("不支持全局任务，请画在流程里", "global tasks"),
    "globalScriptTask": ("不支持全局任务，请画在流程里", "global tasks"),
}

# what a diagram may show without our executing it: said as a warning, with the reason
DRAWN_ONLY: Mapping[str, tuple[str, str]] = {
    "dataStore": (
        "数据存储只作说明，不参与执行；数据请用服务任务写入",
        "data stores are only drawn: write data with a service task",
    ),
    "dataStoreReference": (
        "数据存储只作说明，不参与执行；数据请用服务任务写入",
        "data stores are only drawn: write data with a service task",
    ),
}

# event kinds each event node may have; '' stands for a plain event
EVENTS: Mapping[str, frozenset[str]] = {
    "startEvent": frozenset({"", "timer", "message", "signal"}),
    "intermediateCatchEvent": frozenset({"timer", "message", "signal", "link"}),
    "intermediateThrowEvent": frozenset({"", "message", "signal", "link", "escalation"}),
    "boundaryEvent": frozenset({"timer", "message", "signal", "error", "escalation", "cancel"}),
    "endEvent": frozenset({"", "message", "signal", "error", "terminate", "escalation", "cancel"}),
}
# the start event of an event subprocess
TRIGGERS = frozenset({"timer", "message", "signal", "error", "escalation"})
EVENT_WORDS: Mapping[str, str] = {
    "": "无触发条件",
    "timer": "定时",
    "message": "消息",
    "signal": "信号",
    "error": "错误",
    "terminate": "终止",
    "link": "链接",
    "escalation": "升级",
    "compensate": "补偿",
    "conditional": "条件",
    "cancel": "取消",
}

# Extensions of other engines would be ignored by ours; whoever wrote them expects them to work.
FOREIGN: Mapping[str, str] = {
    "http://camunda.org/schema/1.0/bpmn": "Camunda",
    "http://camunda.org/schema/zeebe/1.0": "Zeebe",
    "http://spiffworkflow.org/bpmn/schema/1.0/core": "SpiffWorkflow",
    "http://flowable.org/bpmn": "Flowable",
    "http://activiti.org/bpmn": "Activiti",
    "http://www.jboss.org/drools": "jBPM",
}
