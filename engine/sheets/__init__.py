"""What administrators edit as tables: decision tables, forms, texts of notices, and the files of a package as a whole.

Pure functions over the files of a package (path → bytes): no database, no clock. Where drafts are kept and who may
write them is engine.drafting's business."""
