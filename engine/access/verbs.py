"""The closed list of verbs, each with its word on screen."""

from enum import StrEnum


class Verb(StrEnum):
    """Everything anybody may be allowed to do; `label` is the word on screen."""

    label: str

    def __new__(cls, value: str, label: str) -> "Verb":
        """A member is its code; the label travels with it."""
        verb = str.__new__(cls, value)
        verb._value_ = value
        verb.label = label
        return verb

    CASE_READ = "case.read", "查看意见建议"
    CASE_REGISTER = "case.register", "登记"
    CASE_SEARCH = "case.search", "查询"
    CASE_TERMINATE = "case.terminate", "终止"
    CASE_WITHDRAW = "case.withdraw", "撤回"
    CASE_TRACK = "case.track", "查询办理进度"
    CONTACT_READ = "contact.read", "查看反映人联系方式"
    CONTACT_REVEAL = "contact.reveal", "按理由查看联系方式"
    SUBMISSION_HANDLE = "submission.handle", "受理网上来信"
    NOTICES_READ = "notices.read", "查看消息发送"
    TASK_READ = "task.read", "查看待办"
    TASK_CLAIM = "task.claim", "签收"
    TASK_RELEASE = "task.release", "退还"
    TASK_COMPLETE = "task.complete", "办理"
    EXTENSION_REQUEST = "extension.request", "申请延期"
    EXTENSION_CONSENT = "extension.consent", "同意延期"
    EXTENSION_RECORD = "extension.record", "记录电话答复"
    EXTENSION_VIEW = "extension.view", "提出联名意见"
    COSIGNER_ADD = "cosigner.add", "添加联名代表"
    DELEGATE_REPLACE = "delegate.replace", "指定接替代表"
    COPY_DELIVER = "copy.deliver", "登记送达"
    HANDLING_FILE = "handling.file", "填报办理情况"
    CASE_URGE = "case.urge", "催办"
    SUPERVISION_ISSUE = "supervision.issue", "督办"
    SUPERVISION_REPLY = "supervision.reply", "回复督办"
    SUPERVISION_OPINE = "supervision.opine", "提出督办意见"
    HANDLING_RECALL = "handling.recall", "收回改派"
    DEPUTY_SET = "deputy.set", "设置代理"
    TASK_HAND_OVER = "people.hand_over", "交接事项"
    RATING_RECORD = "rating.record", "评议"
    RATING_CORRECT = "rating.correct", "更正评定等级"
    CONSULTATION_CALL = "consultation.call", "召集三方协商"
    COPY_READ = "copy.read", "查看抄送"
    LEDGER_READ = "ledger.read", "查看跟踪明细帐"
    DIAGRAM_READ = "diagram.read", "查看流程图"
    PEOPLE_MANAGE = "people.manage", "人员管理"
    ORGANISATION_MANAGE = "organisation.manage", "机构管理"
    LIAISON_APPOINT = "liaison.appoint", "指定联络员"
    FONTS_MANAGE = "fonts.manage", "字体管理"
    PLACES_READ = "places.read", "查看区划"
    DEMO_USE = "demo.use", "切换演示人员"
    CLOCK_ADVANCE = "clock.advance", "推进演示时钟"
    INCIDENT_READ = "incident.read", "查看异常"
    INSTANCE_OPERATE = "instance.operate", "干预办理"
    INSTANCE_MIGRATE = "instance.migrate", "换用新版流程"
    DEFINITION_READ = "definition.read", "查看流程版本"
    DEFINITION_PUBLISH = "definition.publish", "发布流程"
    CALENDAR_READ = "calendar.read", "查看工作日历"
    CALENDAR_PROPOSE = "calendar.propose", "录入放假通知"
    CALENDAR_RELEASE = "calendar.release", "发布放假通知"
    PARAMETERS_READ = "parameters.read", "查看办法参数"
    PARAMETERS_CHANGE = "parameters.change", "修改办法参数"
    ARTICLES_READ = "articles.read", "查看办法条文"
    SESSION_OWN = "session.own", "登录和修改本人密码"
