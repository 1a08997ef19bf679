"""What the names a diagram may use are called, and what they mean: data for the people who draw diagrams (P1).

The words are those of docs/glossary.md; whoever adds an operation, a pool, a role or a fact names it here too
(tests/engine/test_catalogue_labels.py)."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Named:
    """A name's word on screen, the article it implements ("" = none), and one sentence on what it does."""

    label: str
    article: str = ""
    meaning: str = ""


@dataclass(frozen=True)
class Argument:
    """What an operation wants to know: `choices` maps expressions to words; `free` allows any other expression."""

    label: str
    choices: Mapping[str, str]
    free: bool = False


@dataclass(frozen=True)
class Notice:
    """A notice an operation sends: the folder under notices/, and to whom."""

    kind: str
    to: str


OPERATIONS: dict[str, Named] = {
    "ledger.record": Named("记入跟踪明细帐", "12", "登记的每一件都在工作室的明细帐里占一行，作废和当场答复的也在内。"),
    "case.close_on_the_spot": Named("当场答复办结", "须知6", "记下满意度并办结，不计办理时限。"),
    "case.report": Named("报街道组织部门", "10", "意见建议到达街道组织部门，重新记来文日期。"),
    "case.escalate": Named("上报上一级", "10", "到达上一级组织部门；市级之上是市委。"),
    "case.void": Named("作废", "须知1", "编号保留，写明理由和经办人。"),
    "case.terminate": Named("终止", "10", "不再答复，写明理由并告知反映人、党代表和工作室。"),
    "case.close": Named("办结", "12", "评定等级之后办结。"),
    "case.file": Named("阅存", "10", "市委阅存，告知反映人和党代表。"),
    "handling.open": Named("转交承办单位", "10", "承办单位收到来文，当天为第0日，办理时限从这一天起算。"),
    "handling.open_items": Named("分项转交", "10", "一表几事的，各项同时转交本级承办单位，各自计时。"),
    "case.return_to_studio": Named("退回补正", "9", "街道退回工作室修改登记表，重新签名后回到街道。"),
    "case.send_down": Named("下转下一级", "10", "上级转回下一级组织部门，作为例外，写明理由。"),
    "case.separate": Named("拆并", "10", "并案的件拆开，回到受理审查。"),
    "case.adopt": Named("随主件答复", "11", "并案的件采用主件的书面反馈，各自抄送、各自评议。"),
    "handling.decline": Named("退件", "10", "承办单位说明不属本单位职责，退回组织部门。"),
    "handling.recall": Named("收回改派", "12", "逾期未反馈的，由转交的组织部门收回，重新受理审查；原单位的逾期照计。"),
    "handling.sign_late": Named("签收逾时提醒", "11", "来文到签收期限还没有签收的，提醒承办单位负责人。"),
    "handling.plan_late": Named("方案逾时提醒", "12", "到方案期限还没有方案或办理人员的，提醒承办单位和组织部门。"),
    "handling.close": Named("登记答复", "11", "答复已审核并抄送三方，承办结束。"),
    "supervision.remind": Named("催办", "12", "在期限届满前提醒承办单位；已经答复或延期的不再发出。"),
    "supervision.raise": Named("转入督办", "12", "交由督办的组织部门跟踪，并告知承办单位负责人、党代表和工作室。"),
    "supervision.transit_late": Named("转办逾时提醒", "10", "一级停留超过转办期限，提醒该级组织部门。"),
    "feedback.deliver": Named("送达书面反馈", "11", "书面反馈送达同级组织部门，停止计时。"),
    "feedback.return": Named("退回重办", "11", "退回承办单位，期限仍从原收到之日起算。"),
    "feedback.copy": Named("抄送书面反馈", "11", "抄送反映人、市党代表或党代表工作室，各留送达凭证。"),
    "rating.conclude": Named("登记评定等级", "12", "四个等级之一，登记在册并锁定，明细帐页面随之固定。"),
    "rating.redo": Named("重办转交", "12", "交原承办单位重办，收到之日为第0日，重新计算办理时限。"),
    "case.sign": Named("党代表签名", "9", "市党代表核对登记表后签名，或退回补正。"),
    "case.amend": Named("补正登记表", "9", "工作室修改登记表后重新送签，或作废。"),
    "case.decide_report": Named("决定报送", "10", "联络员报街道组织部门，或退回修改登记表。"),
    "review.decide": Named("受理审查", "10", "根据管理权限转交承办，或上报上一级。"),
    "answer.submit": Named("提交书面反馈或退件", "11", "承办单位书面反馈，或在2个工作日内退件。"),
    "extension.decide": Named("答复延期申请", "11", "由签名的市党代表本人同意或不同意。"),
    "supervision.note": Named("下发督办通知单", "12", "督办通知单编文号，发给承办单位，写明要求和限期。"),
    "extension.arbitrate": Named("协调延期意见", "11", "领衔代表同意、联名代表反对时，组织部门协调后注明。"),
    "feedback.check": Named("审核书面反馈", "11", "接受答复，或退回重办。"),
    "letter.confirm": Named("确认送达纸质答复", "11", "工作室当面或邮寄送达，写明凭证。"),
    "committee.instruct": Named("市委批示", "10", "交市有关部门、交市委组织部，或阅存。"),
    "consultation.invite": Named("邀请三方", "12", "通知反映人、市党代表、承办单位和召集单位时间、地点和议题。"),
    "consultation.close": Named("结束协商", "12", "各方到场或缺席理由、意见和签名齐全后结束，商定事项各成一项待办。"),
    "consultation.fulfil": Named("落实商定事项", "12", "责任方写明落实的结果。"),
    "consultation.measure_late": Named("商定事项逾期提醒", "12", "到期没有落实的，提醒责任方和召集单位。"),
    "rating.record": Named("记录评价", "12", "反映人、党代表、街道组织部门各自的等级。"),
    "rating.decide_redo": Named("决定是否重办", "12", "评为不满意的可以重办一次。"),
    "rating.agree": Named("评议协商", "12", "三方不一致时协商出一个等级。"),
}  # fmt: skip

ARGUMENTS: dict[str, dict[str, Argument]] = {
    "feedback.copy": {
        "to": Argument("抄送给", {"'reporter'": "反映人", "'delegate'": "市党代表", "'studio'": "党代表工作室"})
    },
    "supervision.raise": {
        "step": Argument("第几次督办", {"0": "期限届满时", "1": "逾期后第二次", "2": "逾期后第三次"})
    },
    "supervision.remind": {
        "days_before": Argument(
            "届满前几个工作日", {"first_reminder": "首次催办的天数", "second_reminder": "再次催办的天数"}, free=True
        )
    },
}

NOTICES: dict[str, tuple[Notice, ...]] = {
    "case.report": (Notice("reported", "街道组织部门"),),
    "case.escalate": (Notice("escalated", "上一级组织部门"),),
    "case.file": (Notice("filed", "反映人、党代表、工作室"),),
    "case.terminate": (Notice("terminated", "反映人、党代表、工作室"),),
    "rating.redo": (Notice("referral", "承办单位"),),
    "consultation.invite": (Notice("consultation_invitation", "反映人、党代表、承办单位、召集单位"),),
    "consultation.measure_late": (Notice("measure_late", "责任方、召集单位"),),
    "handling.open": (
        Notice("referral", "承办单位"),
        Notice("transferred_again", "上一级组织部门（第三次转交起）"),
    ),
    "handling.open_items": (Notice("referral", "各承办单位"),),
    "case.send_down": (Notice("sent_down", "下一级组织部门"),),
    "case.return_to_studio": (Notice("returned_to_studio", "党代表工作室"),),
    "case.separate": (Notice("separated", "党代表、工作室"),),
    "handling.decline": (Notice("declined", "组织部门"),),
    "handling.sign_late": (Notice("sign_late", "承办单位负责人"),),
    "handling.plan_late": (Notice("plan_late", "承办单位、组织部门"),),
    "handling.close": (Notice("rating_invitation", "反映人"),),
    "supervision.remind": (Notice("reminder", "承办单位"),),
    "supervision.raise": (
        Notice("supervision", "督办的组织部门"),
        Notice("overdue", "承办单位负责人、党代表、工作室（第一次督办时）"),
    ),
    "supervision.note": (Notice("supervision", "承办单位"),),
    "handling.recall": (Notice("recalled", "原承办单位、党代表、工作室"),),
    "supervision.transit_late": (Notice("transit_late", "本级组织部门（报送逾时的为工作室和街道组织部门）"),),
    "review.decide": (Notice("merged", "党代表、工作室（并案时）"),),
    "feedback.deliver": (Notice("feedback_delivered", "承办单位的同级组织部门"),),
    "feedback.return": (Notice("feedback_returned", "承办单位"),),
    "feedback.copy": (
        Notice("feedback_copy", "党代表、工作室"),
        Notice("feedback_copy_reporter", "反映人（短信；没有手机号的发电子邮件，都没有的改送纸质答复）"),
    ),
    "extension.decide": (Notice("extension_decided", "承办单位、反映人"),),
    "extension.arbitrate": (Notice("extension_decided", "承办单位、党代表、反映人"),),
}

POOLS: dict[str, Named] = {
    "studio": Named("党代表工作室联络员", "7", "登记这件意见建议的工作室的联络员。"),
    "delegate": Named("签名的市党代表本人", "9", "只有在登记表上签名的代表本人，别人不能代办。"),
    "tier_department": Named("所在层级的组织部门", "10", "案件到了哪一级，就由哪一级组织部门办；到市委一级由市委办。"),
    "street_department": Named("街道组织部门", "10", "社区所在街道的组织部门。"),
    "street_department_head": Named("街道组织部门负责人", "12", "只有负责人能办。"),
    "handling_department": Named("承办单位的同级组织部门", "11", "转交来文的那一级组织部门。"),
    "handling_unit": Named("承办单位", "11", "转交时选定的单位。"),
    "supervisor_0": Named("督办：同级", "12", "期限届满时负责督办的组织部门。"),
    "supervisor_1": Named("督办：上一级", "12", "逾期仍未答复时接着督办的一级。"),
    "supervisor_2": Named("督办：再上一级", "12", "第三次督办的一级。"),
    "committee": Named("市委", "10", "市委。"),
    "consultation_convener": Named("协商召集单位", "12", "召集这次三方协商的组织部门或工作室。"),
    "measure_party": Named("商定事项责任方", "12", "协商时商定由谁落实。"),
}

ROLES: dict[str, Named] = {
    "registration": Named("登记", "9", "填写登记表，取得编号。"),
    "ledger": Named("记入明细帐", "12", "登记在工作室的跟踪明细帐。"),
    "signature": Named("党代表签名", "9", "市党代表本人在登记表上签名。"),
    "amendment": Named("补正", "9", "退回工作室修改登记表。"),
    "report": Named("报街道组织部门", "10", "整理汇总后报街道党工委组织部门。"),
    "on_the_spot": Named("当场答复", "须知6", "代表当场答复，写明满意度。"),
    "jurisdiction": Named("管理权限建议", "10", "按决策表建议由哪一级、哪个部门办。"),
    "tier_review": Named("受理审查", "10", "各级组织部门根据管理权限转交或上报，逐级进行。"),
    "transit_target": Named("转办期限", "10", "“及时”的内部尺度，超过只提醒。"),
    "escalation": Named("上报", "10", "上报上一级组织部门。"),
    "referral": Named("转交承办", "10", "转交同级有关部门办理，时限从收到之日起算。"),
    "answer": Named("承办并书面反馈", "11", "承办单位的环节；办理时限必须贴在它上面。"),
    "limit": Named("办理时限", "11", "自收到来文之日起10个工作日；经商市党代表同意共30个工作日。"),
    "reminder": Named("催办", "12", "期限届满前的提醒。"),
    "supervision_limit": Named("逾期督办时点", "12", "期限过后开始或升级督办的时点。"),
    "supervision": Named("督办", "12", "组织部门对承办单位全程跟踪。"),
    "recall": Named("收回改派", "12", "逾期未反馈的收回，另行转交。"),
    "extension_request": Named("申请延期", "11", "承办单位因特殊情况申请延期。"),
    "extension_consent": Named("商市党代表意见", "11", "延期必须经签名的市党代表同意。"),
    "extension_dispute": Named("代表意见不一致", "11", "联名代表书面反对延期，由组织部门协调；协调之前不延期。"),
    "receipt_target": Named("签收期限", "11", "“及时登记”的内部尺度，超过只提醒。"),
    "plan_target": Named("方案期限", "12", "填报办理方案和人员的内部尺度，超过只提醒。"),
    "extension": Named("延期", "11", "同意后共30个工作日。"),
    "feedback": Named("书面反馈", "11", "承办单位向同级组织部门书面反馈，停止计时。"),
    "feedback_check": Named("审核书面反馈", "11", "组织部门接受答复或退回重办。"),
    "feedback_return": Named("退回重办", "11", "期限不重新起算。"),
    "feedback_copy": Named("抄送", "11", "抄送反映人、市党代表和党代表工作室，三方缺一不可。"),
    "letter": Named("送达纸质答复", "11", "反映人没有手机号时送达纸质答复。"),
    "decline": Named("退件", "10", "不属本单位职责，说明理由退回。"),
    "committee_instruction": Named("市委批示", "10", "上报市委之后的处理。"),
    "filing": Named("阅存", "10", "市委阅存。"),
    "rating_reporter": Named("反映人评价", "12", "基层党员群众的意见。"),
    "rating_delegate": Named("党代表评价", "12", "市党代表的意见。"),
    "rating_department": Named("街道组织部门评定", "12", "由街道组织部门商党代表和群众评定；承办单位不能给自己评。"),
    "rating_consultation": Named("评议协商", "12", "三方不一致时协商。"),
    "rating": Named("评议", "12", "评定等级并登记在册。"),
    "consultation_invitation": Named("邀请三方", "12", "通知三方协商的时间、地点和议题。"),
    "consultation": Named("三方协商", "12", "对疑难问题和重大事项，召集三方进行协商。"),
    "consultation_measure": Named("落实商定事项", "12", "协商商定的事项，有责任方和期限。"),
    "measure_limit": Named("商定事项期限", "12", "到期没有落实的只提醒。"),
    "rating_redo": Named("重办", "12", "评为不满意的重办一次，重新计算时限，两次评价都保留。"),
    "return_to_studio": Named("退回补正", "9", "街道退回工作室修改登记表。"),
    "send_down": Named("下转", "10", "上级转回下一级组织部门，例外。"),
    "merge": Named("并案", "10", "反映同一事项的并入一件主件，承办单位答复一次。"),
    "termination": Named("终止", "10", "不再答复而结束，须有理由。"),
    "closing": Named("办结", "12", "案件结束。"),
}  # fmt: skip

# facts of the case an expression may read; `meaning` says what the value looks like
FACTS: dict[str, Named] = {
    "received_on": Named("收到来文之日", "11", "承办单位收到来文的日期，办理时限的第0日。"),
    "arrived_on": Named("到达本级之日", "10", "案件到达现在这一级的日期。"),
    "extended": Named("是否已延期", "11", "党代表同意延期后为“是”。"),
    "answer_limit": Named("办理时限", "11", "参数，工作日数。"),
    "extended_answer_limit": Named("延期后办理时限", "11", "参数，自同一收到之日起的工作日数。"),
    "transit_target": Named("转办期限", "10", "参数，工作日数。"),
    "first_reminder": Named("首次催办", "12", "参数，届满前的工作日数。"),
    "second_reminder": Named("再次催办", "12", "参数，届满前的工作日数。"),
    "sign_target": Named("签收期限", "11", "参数，收到后的工作日数。"),
    "plan_target": Named("方案期限", "12", "参数，收到后的工作日数。"),
    "second_supervision": Named("二次督办", "12", "参数，逾期后的工作日数。"),
    "third_supervision": Named("三次督办", "12", "参数，逾期后的工作日数。"),
    "tier": Named("所在层级", "10", "案件现在在哪一级。"),
    "handling_tier": Named("承办层级", "10", "承办单位在哪一级。"),
    "matter": Named("事项类别", "9", "登记表上的类别。"),
    "settlement": Named("处理方式", "须知6", "当场答复或转街道组织部门。"),
    "channel": Named("反映途径", "须知3", "来访、走访、电话、网络等。"),
    "measure_due_on": Named("商定事项的期限", "12", "协商时商定的日期，当日24时届满。"),
    "anonymous": Named("是否不署名", "12", "反映人不署名的为“是”，评议只由市党代表和街道组织部门进行。"),
    "reported": Named("是否已报街道", "10", "工作室报送过街道组织部门后为“是”。"),
    "instruction": Named("批示内容", "10", "市委批示的文字，没有批示时为空。"),
}

# what an operation leaves behind for the conditions that follow
RESULTS: dict[str, Named] = {
    "decision": Named("上一步的决定", "", "刚办理的人在表单里选的处理。"),
    "outcome": Named("子流程的结果", "", "被调用的流程或系统操作得出的结果。"),
    "letter_needed": Named("要不要送纸质答复", "11", "反映人收不到短信时为“是”。"),
    "items": Named("分项", "10", "分项转交时各项的编号列表。"),
    "agreed": Named("三方评价是否一致", "12", "一致为“是”；重办后仍不满意的为“否”，先协商。"),
    "measures": Named("商定事项", "12", "协商时商定的各个事项。"),
    "several": Named("有没有商定事项", "12", "有商定事项时为“是”。"),
    "redo": Named("可不可以重办", "12", "第一次评为不满意时为“是”。"),
}
OUTCOMES = {
    "declined": "已退件", "recalled": "已收回", "delivered": "已送达反馈", "returned": "已退回重办",
    "answered": "已答复", "escalated": "已上报", "returned_to_studio": "已退回补正", "regained": "下转后再上报",
    "sent_down": "已下转", "separated": "已拆开", "adopted": "已随主件答复", "closed": "已办结", "filed": "已阅存",
    "terminated": "已终止",
}  # fmt: skip

FUNCTIONS: dict[str, Named] = {
    "working_days": Named(
        "起算日之后若干工作日", "11", "working_days(received_on, 10)：收到之日起第10个工作日的24时。"
    ),
    "at": Named("某日某时", "", "at(working_days(received_on, 7), '09:00')：那一天上午九时。"),
    "today": Named("今天", "", "today()：今天的日期。"),
    "days": Named("若干天的时长", "", "days(3)：三个自然日，不扣节假日。"),
}

# messages the house itself sends into a diagram; others are sent by a step of the same procedure
MESSAGES: dict[str, Named] = {
    "extension_requested": Named("承办单位申请延期", "11", "承办单位在办理页面申请延期时送来。"),
    "terminate": Named("终止", "10", "组织部门在意见建议页面终止时送来。"),
    "lead_answered": Named("主件已答复", "11", "并案的主件审核通过书面反馈时送来。"),
    "unmerged": Named("拆并", "10", "组织部门拆并，或主件不再办理时送来。"),
    "recall": Named("收回改派", "12", "组织部门在意见建议页面收回改派时送来。"),
}
