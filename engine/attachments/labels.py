"""What attachments are for, in the words of the pages."""

PURPOSES = {
    "registration": "登记表附件",
    "supplement": "补充材料",
    "signed_form": "签字登记表扫描件",
    "answer": "书面反馈附件",
    "extension": "延期申请附件",
    "letter": "送达凭证",
    "rating": "评议材料",
    "decline": "退件附件",
    "supervision": "督办材料",
}
TELLING = frozenset({"signed_form", "letter", "rating"})  # signed by the reporter: they show who he is (A28)
KINDS = {
    "image/jpeg": "图片",
    "image/png": "图片",
    "image/webp": "图片",
    "application/pdf": "文档",
    "text/plain": "文本",
    "text/html": "网页",
}
