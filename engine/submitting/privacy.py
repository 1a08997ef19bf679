"""What a resident agrees to before sending, and which text that was."""

from hashlib import sha256

NOTICE: tuple[tuple[str, str], ...] = (
    ("收集什么", "您填写的姓名、电话、邮箱、住址、意见内容和上传的材料。姓名可以不填；电话和住址至少填写一项。"),
    ("作什么用", "只用于登记、转交、办理、答复您反映的意见建议和请您评议，不用于其他事项。"),
    ("谁能看到", "所选社区的党代表工作室、签名的市党代表和办理此事的单位。其他人员只看到隐去一部分的电话和住址。"),
    ("怎样保护", "因工作需要查看完整号码的，须写明理由并留下记录。本页面不使用任何第三方服务。"),
    ("保存多久", "登记后与登记表一同归档保存；没有登记的来信，保留不予登记的理由，供您查询。"),
    ("您的权利", "您可以凭回执码查询处理情况，也可以联系所选社区的党代表工作室，要求更正您的信息或者撤回来信。"),
)  # fmt: skip
# Whoever changes a word above changes the version: a consent names the text that was read.
VERSION = sha256("\n".join("".join(part) for part in NOTICE).encode()).hexdigest()[:12]
