"""Numbers of the papers an organisation issues or takes in: 转交单, 答复函, 督办通知单, 收文 (articles 10 to 12)."""
