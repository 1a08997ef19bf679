"""The commands of `lianxin`, one module per noun; engine/cli.py gathers them."""
