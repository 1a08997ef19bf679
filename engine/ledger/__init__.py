"""《意见建议办理情况跟踪明细帐》 of every studio and year (article 12, R78)."""
