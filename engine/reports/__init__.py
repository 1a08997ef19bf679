"""What a studio reported to its street in one go: 汇总表 (article 10, R48)."""
